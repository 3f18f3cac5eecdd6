// The wanted states of devices: the stored presets and files, merged for one device at a time. The revision of a wanted state becomes the
// ParameterKey of the device.
import type { DeviceRow } from '../../device/row.ts';
import { CachedDocuments } from '../common/cached-documents.ts';
import type { FleetContext } from '../common/context.ts';
import { quirksOf } from '../common/quirks.ts';
import { openedText } from '../common/secrets.ts';
import type { StoredFile } from '../files/stored-file.ts';
import type { CompiledPreset } from './compiled-preset.ts';
import type { MergeInput, Refusal, Wanted } from './desired.ts';
import { type ExplainedWanted, explain } from './explain.ts';
import { wantedState } from './merge.ts';
import { type Presets, revisionKey } from './presets.ts';
import { causeOf, mergeFingerprint, staleCauses } from './suspension.ts';

export class WantedStates {
  readonly #context: FleetContext;
  readonly #presets: Presets;
  readonly #key: Buffer;
  readonly #files: CachedDocuments<ReadonlyMap<string, StoredFile>>;

  constructor(context: FleetContext, presets: Presets) {
    const { store } = context;
    this.#context = context;
    this.#presets = presets;
    this.#key = revisionKey(context);
    this.#files = new CachedDocuments(store, 'file', async () => {
      const files = await store.documents<StoredFile>('file');
      return new Map(files.map(({ name, body }) => [name, body]));
    });
  }

  /** A number that changes whenever any preset or file does. */
  generation(): number {
    const { store } = this.#context;
    return store.generation('preset') + store.generation('file');
  }

  /** The digest of all inputs of the merge that can change on a device. */
  async fingerprint(row: DeviceRow): Promise<string> {
    return mergeFingerprint(await this.#presets.compiled(), row, await this.#input());
  }

  async of(row: DeviceRow): Promise<Wanted> {
    return wantedState(await this.#presets.compiled(), row, await this.#input());
  }

  /** The wanted state with all that lost in the merge, and the reasons. Secrets are in plain text. */
  async explain(row: DeviceRow): Promise<ExplainedWanted> {
    const values = await this.#context.store.parameters(row.id, '');
    const known = new Map(values.map(({ path, value }) => [path, value]));
    return explain(await this.#presets.compiled(), row, await this.#input(), path => known.get(path));
  }

  /** The cause under which a refusal is kept as a fault, and the digest of the inputs that led to it. */
  async causeOf(refusal: Refusal, row: DeviceRow, revision: string): Promise<{ cause: string; basis?: string }> {
    return causeOf(refusal, await this.#presets.compiled(), row, await this.#input(), revision);
  }

  /** The causes of faults that suspend nothing any more. */
  async staleCauses(row: DeviceRow): Promise<string[]> {
    return row.faults.length > 0 ? staleCauses(await this.#presets.compiled(), row, await this.#input()) : [];
  }

  /** All presets, the lightest first, and the input with which they are merged now. */
  async inputs(): Promise<{ presets: readonly CompiledPreset[]; input: MergeInput }> {
    return { presets: await this.#presets.compiled(), input: await this.#input() };
  }

  async #input(): Promise<MergeInput> {
    const { clock, secrets, quirks } = this.#context;
    return {
      files: await this.#files.get(),
      now: clock.now(),
      isDgw: row => quirksOf(row, quirks).model === 'dgw',
      open: text => openedText(secrets, text),
      isSecret: secrets.names.has,
      key: this.#key,
    };
  }
}
