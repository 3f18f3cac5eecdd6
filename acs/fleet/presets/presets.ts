// The presets of the fleet: documents with sealed secrets, compiled once for all devices.
import { UserError } from '../../errors.ts';
import { CachedDocuments } from '../common/cached-documents.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import type { Models } from '../common/models.ts';
import type { ProductModels } from '../models/product-models.ts';
import { byWeight, type CompiledPreset, compilePreset, filesOf } from './compiled-preset.ts';
import type { Preset } from './preset.ts';
import { openPreset, sealOldDocument, sealPreset } from './sealed-preset.ts';
import { checkName, checkPreset } from './validation.ts';

/** The key of revisions and tags. */
export const revisionKey = ({ secrets }: Pick<FleetContext, 'secrets'>): Buffer => secrets.keyFor('revisions');

export class Presets {
  readonly #context: FleetContext;
  readonly #models: Models;
  readonly #products: ProductModels;
  readonly #key: Buffer;
  readonly #documents: Documents<Preset>;
  readonly #compiled: CachedDocuments<CompiledPreset[]>;

  constructor(context: FleetContext, models: Models, products: ProductModels) {
    this.#context = context;
    this.#models = models;
    this.#products = products;
    this.#key = revisionKey(context);
    this.#documents = documents(context, 'preset', {
      checkName,
      missing: name => new UserError(404, 'no-such-preset', `no preset '${name}'`),
    });
    this.#compiled = new CachedDocuments(context.store, 'preset', () => this.#compileAll());
  }

  /** All presets. Secrets are in plain text; the views mask them. */
  async list(): Promise<(Preset & { name: string })[]> {
    return (await this.#documents.list()).map(({ name, body }) => ({
      name,
      ...openPreset(this.#context.secrets, body),
    }));
  }

  async find(name: string): Promise<Preset | undefined> {
    const found = await this.#documents.find(name);
    return found && openPreset(this.#context.secrets, found.body);
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<Preset> {
    return openPreset(this.#context.secrets, (await this.#documents.get(name)).body);
  }

  /** @returns warnings: names that no device is known to have @throws UserError 400 that names the place, 413; then all stays as it was */
  async put(name: string, preset: Preset): Promise<string[]> {
    const warnings = await this.#check(name, preset);
    await this.#documents.put(name, sealPreset(this.#context.secrets, preset));
    return warnings;
  }

  /** @throws UserError 404 */
  async remove(name: string): Promise<void> {
    await this.#documents.remove(name);
  }

  /** The names of the presets that want a stored file. */
  async usersOf(file: string): Promise<string[]> {
    const presets = await this.#compiled.get();
    return presets.filter(preset => filesOf(preset).some(({ name }) => name === file)).map(({ name }) => name);
  }

  /** All presets, the lightest first. */
  readonly compiled = (): Promise<readonly CompiledPreset[]> => this.#compiled.get();

  /** Checks and compiles a preset without storing it. @returns it with the warnings of `put` @throws UserError as `put` */
  async compile(name: string, preset: Preset): Promise<{ compiled: CompiledPreset; warnings: string[] }> {
    const warnings = await this.#check(name, preset);
    return { compiled: await compilePreset(name, preset, this.#models, this.#key), warnings };
  }

  async #check(name: string, preset: Preset): Promise<string[]> {
    checkName(name);
    return await checkPreset(preset, { store: this.#context.store, models: this.#products });
  }

  async #compileAll(): Promise<CompiledPreset[]> {
    const { secrets } = this.#context;
    const stored = await this.#documents.list();
    const compiled = await Promise.all(
      stored.map(({ name, body }) => compilePreset(name, openPreset(secrets, body), this.#models, this.#key)),
    );
    for (const document of stored) await sealOldDocument(this.#context, document);
    return compiled.sort(byWeight);
  }
}
