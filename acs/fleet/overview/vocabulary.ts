// The words that a filter over some devices may have: paths of their models, and names of their site fields.
import { xsdType } from '../../../shared/model/definitions.ts';
import { Turns } from '../../../shared/turns.ts';
import { bothFilters, type Filter } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import type { ProductModel } from '../models/product-model.ts';
import type { ProductModels } from '../models/product-models.ts';
import { SharedAnswers } from '../monitoring/shared-answers.ts';

export interface VocabularyPath {
  /** With `*` in place of instance numbers, as filters have it. */
  path: string;
  type?: string;
}

/** Products seldom change, and to count them walks all devices some times: the rows of the filter that is written would wait for it. */
const PRODUCTS_KEPT_MS = 5 * 60_000;
const SITES_KEPT_MS = 30_000;
/** Devices whose site fields are looked at. */
const SAMPLE = 200;
/** Names that are looked at without a break. */
const PORTION = 500;

export class Vocabulary {
  readonly #context: Pick<FleetContext, 'store' | 'clock'>;
  readonly #products: Pick<ProductModels, 'fitting'>;
  readonly #models: SharedAnswers<readonly ProductModel[]>;
  readonly #siteNames: SharedAnswers<string[]>;

  constructor(context: Pick<FleetContext, 'store' | 'clock'>, products: Pick<ProductModels, 'fitting'>) {
    this.#context = context;
    this.#products = products;
    this.#models = new SharedAnswers(context.clock, PRODUCTS_KEPT_MS);
    this.#siteNames = new SharedAnswers(context.clock, SITES_KEPT_MS);
  }

  /** Parameters of the models of devices that the filter fits, by path. @throws UserError 400 `bad-filter` */
  async paths(prefix: string, filter: string | undefined, caller: Caller, limit: number): Promise<VocabularyPath[]> {
    const when = textOf(filter, caller);
    const models = await this.#models.get(`${caller.isScoped} ${when ?? ''}`, async () => {
      const { models: found, isOpen } = await this.#products.fitting(when);
      // Where no device fits, they would be those of every product, also beyond the rights.
      return isOpen && caller.isScoped ? [] : found;
    });
    const template = prefix.replaceAll('*', '{i}');
    const turns = new Turns(PORTION);
    const found = new Map<string, VocabularyPath>();
    for (const model of models)
      for (const name of model.names(template)) {
        await turns.spent(1);
        const path = name.replaceAll('{i}', '*');
        if (name.endsWith('.') || found.has(path) || !caller.mayRead(path)) continue;
        const known = model.parameter(name);
        if (!known?.absent) found.set(path, { path, ...(known?.def ? { type: xsdType(known.def) } : {}) });
        if (found.size >= limit) return byPath([...found.values()]);
      }
    return byPath([...found.values()]);
  }

  /** Names of the site fields of some devices that the filter fits. @throws UserError 400 `bad-filter` */
  async siteNames(filter: string | undefined, caller: Caller): Promise<string[]> {
    const { store, clock } = this.#context;
    const fitting: Filter | undefined = bothFilters(caller.within, filter ? parseFilter(filter) : undefined);
    return await this.#siteNames.get(textOf(filter, caller) ?? '', async () => {
      const query = { limit: SAMPLE, now: clock.now(), only: ['site' as const] };
      const { items } = await store.devices({ ...query, ...(fitting ? { filter: fitting } : {}) });
      return [...new Set(items.flatMap(({ site }) => Object.keys(site ?? {})))].sort();
    });
  }
}

const byPath = (paths: VocabularyPath[]): VocabularyPath[] => paths.sort((a, b) => (a.path < b.path ? -1 : 1));

/** The filter within the rights of the caller. */
function textOf(filter: string | undefined, { scope }: Caller): string | undefined {
  return scope !== undefined && filter ? `(${scope}) and (${filter})` : (scope ?? filter);
}
