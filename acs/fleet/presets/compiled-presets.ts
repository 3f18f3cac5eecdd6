// All presets, compiled once for all devices, and again after any of them or the names of secrets have changed.
import { CachedDocuments } from '../common/cached-documents.ts';
import type { FleetContext } from '../common/context.ts';
import type { Documents } from '../common/documents.ts';
import type { Models } from '../common/models.ts';
import { byWeight, type CompiledPreset, compilePreset } from './compiled-preset.ts';
import type { Preset } from './preset.ts';
import { soundPreset } from './preset-shape.ts';
import { openPreset, sealOldDocument } from './sealed-preset.ts';

export class CompiledPresets {
  readonly #context: FleetContext;
  readonly #documents: Documents<Preset>;
  readonly #models: Models;
  readonly #key: Buffer;
  #cached: CachedDocuments<CompiledPreset[]>;
  /** The version of the names of secrets that the compiled presets follow. */
  #names = 0;

  /** @param key of tags */
  constructor(
    context: FleetContext,
    { documents, models, key }: { documents: Documents<Preset>; models: Models; key: Buffer },
  ) {
    this.#context = context;
    this.#documents = documents;
    this.#models = models;
    this.#key = key;
    this.#cached = this.#cache();
  }

  /** The lightest first. */
  get(): Promise<readonly CompiledPreset[]> {
    const { version } = this.#context.secrets.names;
    if (version !== this.#names) {
      this.#names = version;
      this.#cached = this.#cache();
    }
    return this.#cached.get();
  }

  /** Compiles a preset that is not stored. */
  compile(name: string, preset: Preset): Promise<CompiledPreset> {
    const { names } = this.#context.secrets;
    return compilePreset(name, preset, { models: this.#models, key: this.#key, names });
  }

  #cache(): CachedDocuments<CompiledPreset[]> {
    return new CachedDocuments(this.#context.store, 'preset', () => this.#compileAll());
  }

  async #compileAll(): Promise<CompiledPreset[]> {
    const stored = await this.#documents.list();
    const compiled = await Promise.all(stored.map(({ name, body }) => this.#compileStored(name, body)));
    for (const document of stored) await sealOldDocument(this.#context, document);
    return compiled.sort(byWeight);
  }

  async #compileStored(name: string, body: Preset): Promise<CompiledPreset> {
    const compiled = await this.compile(name, openPreset(this.#context.secrets, body));
    const { wrong } = soundPreset(body);
    // Another tag than that of its sound parts: a fault of the broken one ends when those alone are stored.
    return wrong === undefined ? compiled : { ...compiled, broken: wrong, tag: `${compiled.tag}!` };
  }
}
