// The catalogue of data models: built-in ones, documents that operators have given, and models learned from devices.
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { type Model, type ParameterDef, xsdType } from '../../../shared/model/definitions.ts';
import { UserError } from '../../errors.ts';
import type { Edit } from '../../store/edit.ts';
import type { StoredDocument } from '../../store/records.ts';
import { CachedDocuments } from '../common/cached-documents.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import { type GivenModel, type ModelMarks, modelOf, readGivenModel } from './given-model.ts';
import { LEARNED_PREFIX, type LearnedEntries, type LearnedModel } from './learned-model.ts';

const MAX_GIVEN = 50;
const BUILT_IN = ['dgw', 'device'] as const;
type BuiltIn = (typeof BUILT_IN)[number];

export interface ModelAbout {
  name: string;
  source: 'built-in' | 'document' | 'learned';
  title: string;
  /** The devices that it describes. */
  marks: ModelMarks;
  root: string;
  parameters: number;
  /** Time of its last change, milliseconds. */
  changed?: number;
}

/** One parameter or object of a model, as it is listed. */
export interface ModelItem {
  path: string;
  writable: boolean | undefined;
  /** `xsd:…`, or `object`. */
  type: string | undefined;
  def?: ParameterDef;
  /** Devices have refused the name. */
  absent?: true;
}

export interface Given {
  about: ModelAbout;
  body: GivenModel;
  model: Model;
}

export class ModelCatalogue {
  readonly #documents: Documents<GivenModel>;
  readonly #learnedDocuments: Documents<LearnedModel>;
  /** Models that are built already, by document and generation. */
  readonly #built = new Map<string, Given>();
  readonly #given: CachedDocuments<Given[]>;
  readonly #learned: CachedDocuments<StoredDocument<LearnedModel>[]>;

  constructor(context: FleetContext) {
    this.#documents = documents(context, 'model', {
      missing,
      limit: {
        most: MAX_GIVEN,
        reached: count => new UserError(409, 'too-many-models', `there are ${count} data models already`),
      },
    });
    this.#learnedDocuments = documents(context, 'learnedModel', { missing, changeEvent: false });
    this.#given = new CachedDocuments(context.store, 'model', async () => {
      const built = (await this.#documents.list()).map(stored => this.#build(stored));
      this.#built.clear();
      for (const { key, given } of built) this.#built.set(key, given);
      return built.map(({ given }) => given);
    });
    this.#learned = new CachedDocuments(context.store, 'learnedModel', () =>
      context.store.documents<LearnedModel>('learnedModel'),
    );
  }

  async list(): Promise<ModelAbout[]> {
    const builtIn = await Promise.all(
      BUILT_IN.map(async name => aboutModel(name, 'built-in', {}, await builtinModel(name))),
    );
    const learned = (await this.#learned.get()).map(aboutLearned);
    return [...builtIn, ...(await this.#given.get()).map(({ about }) => about), ...learned];
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<{ about: ModelAbout; items: ModelItem[] }> {
    const found = (await this.list()).find(about => about.name === name);
    if (!found) throw missing(name);
    if (found.source === 'learned') {
      const learned = (await this.#learned.get()).find(document => document.name === name);
      return { about: found, items: learnedItems(learned?.body.entries ?? {}) };
    }
    const given = (await this.#given.get()).find(({ about }) => about.name === name);
    return { about: found, items: itemsOf(given?.model ?? (await builtinModel(name as BuiltIn))) };
  }

  /** @returns whether the name is new @throws UserError 400 `bad-model`, `bad-name`; 409, 412 */
  async put(
    name: string,
    source: Buffer,
    marks: ModelMarks,
    edit?: Edit,
  ): Promise<{ about: ModelAbout; isNew: boolean }> {
    if ((BUILT_IN as readonly string[]).includes(name) || name.startsWith(LEARNED_PREFIX))
      throw new UserError(400, 'bad-name', `'${name}' is the name of a built-in or learned model; use another one`);
    const body = await readGivenModel(source, marks);
    const about = aboutModel(name, 'document', marks, modelOf(body));
    return { about, isNew: await this.#documents.put(name, body, edit) };
  }

  /** Removes a given document, or forgets what was learned. @throws UserError 404, 409, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    if ((BUILT_IN as readonly string[]).includes(name))
      throw new UserError(409, 'model-built-in', `'${name}' is built in and cannot be deleted`);
    if (!name.startsWith(LEARNED_PREFIX)) return await this.#documents.remove(name, false, edit);
    await this.#learnedDocuments.remove(name, false, edit);
  }

  readonly given = (): Promise<readonly Given[]> => this.#given.get();
  readonly learned = (): Promise<readonly StoredDocument<LearnedModel>[]> => this.#learned.get();

  #build(stored: StoredDocument<GivenModel>): { key: string; given: Given } {
    const key = `${stored.name} ${stored.generation}`;
    return { key, given: this.#built.get(key) ?? givenOf(stored) };
  }
}

function givenOf({ name, body, changed }: StoredDocument<GivenModel>): Given {
  const model = modelOf(body);
  return { model, body, about: { ...aboutModel(name, 'document', body.marks, model), changed } };
}

const missing = (name: string): UserError => new UserError(404, 'no-such-model', `no data model '${name}'`);

const aboutModel = (name: string, source: ModelAbout['source'], marks: ModelMarks, model: Model): ModelAbout => ({
  name,
  source,
  title: model.version ? `${model.name}:${model.version}` : model.name,
  marks,
  root: model.root,
  parameters: model.parameters.size,
});

function aboutLearned({ name, changed, body: { product, entries } }: StoredDocument<LearnedModel>): ModelAbout {
  const { oui, productClass, softwareVersion, manufacturer, root } = product;
  return {
    name,
    source: 'learned',
    title: [manufacturer, productClass, softwareVersion].filter(Boolean).join(' '),
    marks: { oui, productClass, softwareVersion },
    root,
    parameters: Object.keys(entries).filter(path => !path.endsWith('.')).length,
    changed,
  };
}

function itemsOf(model: Model): ModelItem[] {
  const objects = [...model.objects.values()].map(({ path, writable }) => ({ path, writable, type: 'object' }));
  const parameters = [...model.parameters.values()].map(def => ({
    path: def.path,
    writable: def.writable,
    type: xsdType(def),
    def,
  }));
  return [...objects, ...parameters].sort(byPath);
}

const learnedItems = (entries: LearnedEntries): ModelItem[] =>
  Object.entries(entries)
    .map(([path, { writable, type, absent }]) => ({
      path,
      writable,
      type: path.endsWith('.') ? 'object' : type,
      ...(absent ? { absent } : {}),
    }))
    .sort(byPath);

const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
