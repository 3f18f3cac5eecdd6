// The presets of the fleet: documents with sealed secrets, compiled once for all devices.
import { UserError } from '../../errors.ts';
import type { Edit } from '../../store/edit.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import type { Models } from '../common/models.ts';
import type { ProductModels } from '../models/product-models.ts';
import { type CompiledPreset, filesOf } from './compiled-preset.ts';
import { CompiledPresets } from './compiled-presets.ts';
import type { Preset } from './preset.ts';
import { PresetCounts } from './preset-counts.ts';
import { filledPaths, openPreset, sealPreset } from './sealed-preset.ts';
import { checkName, checkPreset } from './validation.ts';

/** The key of revisions and tags. */
export const revisionKey = ({ secrets }: Pick<FleetContext, 'secrets'>): Buffer => secrets.keyFor('revisions');

export class Presets {
  readonly #context: FleetContext;
  readonly #products: ProductModels;
  readonly #documents: Documents<Preset>;
  readonly #compiled: CompiledPresets;
  readonly counts: PresetCounts;

  constructor(context: FleetContext, models: Models, products: ProductModels) {
    this.#context = context;
    this.#products = products;
    this.counts = new PresetCounts(context);
    this.#documents = documents(context, 'preset', {
      checkName,
      missing: name => new UserError(404, 'no-such-preset', `no preset '${name}'`),
    });
    const key = revisionKey(context);
    this.#compiled = new CompiledPresets(context, { documents: this.#documents, models, key });
    context.secrets.names.followFilled({
      generation: () => context.store.generation('preset'),
      load: async () => new Set((await this.list()).flatMap(preset => filledPaths(preset, context.secrets.names))),
    });
  }

  /** All presets. Secrets are in plain text; the views mask them. */
  async list(): Promise<(Preset & { name: string })[]> {
    return (await this.stored()).map(({ name, body }) => ({ name, ...body }));
  }

  /** The same with the last change of each. */
  async stored(): Promise<StoredDocument<Preset>[]> {
    const found = await this.#documents.list();
    return found.map(({ body, ...about }) => ({ ...about, body: openPreset(this.#context.secrets, body) }));
  }

  async find(name: string): Promise<Preset | undefined> {
    const found = await this.#documents.find(name);
    return found && openPreset(this.#context.secrets, found.body);
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<Preset> {
    return openPreset(this.#context.secrets, (await this.#documents.get(name)).body);
  }

  /** @returns warnings: names that no device is known to have @throws UserError 400 that names the place, 412, 413; then all stays as it was */
  async put(name: string, preset: Preset, edit?: Edit): Promise<string[]> {
    const warnings = await this.#check(name, preset);
    await this.#documents.put(name, sealPreset(this.#context.secrets, preset), edit);
    return warnings;
  }

  /** @throws UserError 404, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    await this.#documents.remove(name, false, edit);
  }

  /** The names of the presets that want a stored file. */
  async usersOf(file: string): Promise<string[]> {
    const presets = await this.compiled();
    return presets.filter(preset => filesOf(preset).some(({ name }) => name === file)).map(({ name }) => name);
  }

  /** All presets, the lightest first. */
  readonly compiled = (): Promise<readonly CompiledPreset[]> => this.#compiled.get();

  /** Checks and compiles a preset without storing it. @returns it with the warnings of `put` @throws UserError as `put` */
  async compile(name: string, preset: Preset): Promise<{ compiled: CompiledPreset; warnings: string[] }> {
    const warnings = await this.#check(name, preset);
    return { compiled: await this.#compiled.compile(name, preset), warnings };
  }

  async #check(name: string, preset: Preset): Promise<string[]> {
    checkName(name);
    return await checkPreset(preset, { store: this.#context.store, models: this.#products });
  }
}
