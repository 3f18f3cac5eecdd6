// Presets: rules over what a device durably is, kept as documents with their secrets sealed; merged they are the wanted state of a
// device, whose revision is the ParameterKey.
import { UserError } from '../../../shared/errors.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import type { Models } from '../common/models.ts';
import { isSealedText, isSecretName, openedText, sealedText } from '../common/secrets.ts';
import type { StoredFile } from '../files/stored-file.ts';
import { byWeight, type CompiledPreset, compilePreset, filesOf } from './compiled-preset.ts';
import type { MergeInput, Refusal, Wanted } from './desired.ts';
import { type ExplainedWanted, explain } from './explain.ts';
import { wantedState } from './merge.ts';
import { mapPreset, type Preset } from './preset.ts';
import { causeOf, factsOf, staleCauses } from './suspension.ts';
import { checkName, checkPreset } from './validation.ts';

export interface Presets {
  /** Secrets in plain: the views mask them. */
  list(): Promise<(Preset & { name: string })[]>;
  find(name: string): Promise<Preset | undefined>;
  /** @throws UserError 404 */
  get(name: string): Promise<Preset>;
  /** @throws UserError 400 that names the place, 413; then all stays as it was */
  put(name: string, preset: Preset): Promise<void>;
  /** @throws UserError 404 */
  remove(name: string): Promise<void>;
  /** Changes whenever any preset or file does. */
  generation(): number;
  /** Short hash of all that the choice and merge of presets depend on. */
  factsOf(row: DeviceRow): Promise<string>;
  wanted(row: DeviceRow): Promise<Wanted>;
  /** The same with what lost, and why. Secrets in plain. */
  explain(row: DeviceRow): Promise<ExplainedWanted>;
  /** The cause under which a fault is kept, and what it rests on. */
  causeOf(refusal: Refusal, row: DeviceRow, revision: string): Promise<{ cause: string; basis?: string }>;
  /** Causes of faults that keep nothing away any more. */
  staleCauses(row: DeviceRow): Promise<string[]>;
  /** Names of the presets that want a stored file. */
  usersOf(file: string): Promise<string[]>;
  /** All stored presets, the lightest first, and what they are merged with. */
  compiled(): Promise<{ presets: readonly CompiledPreset[]; input: MergeInput }>;
  /** A preset that is not stored (yet), checked and compiled. @throws UserError as `put` */
  compile(name: string, preset: Preset): Promise<CompiledPreset>;
}

export function createPresets(context: FleetContext, models: Models): Presets {
  const { store, clock, events, secrets } = context;
  const key = secrets.keyFor('revisions');
  let cachedRules: { generation: number; rules: CompiledPreset[] } | undefined;
  let cachedFiles: { generation: number; files: Map<string, StoredFile> } | undefined;

  const sealed = (preset: Preset): Preset => mapPreset(preset, (name, text) => sealedText(secrets, name, text));
  const opened = (preset: Preset): Preset => mapPreset(preset, (_name, text) => openedIfOurs(text));
  /** What was sealed with another key stays sealed: its preset can be seen, and is said to be broken. */
  const openedIfOurs = (text: string): string => {
    try {
      return openedText(secrets, text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return text;
    }
  };

  /** Those of before secrets were sealed are sealed when they are met. */
  const sealOld = async ({ name, body, generation }: StoredDocument<Preset>): Promise<void> => {
    if (!holdsPlainSecret(body)) return;
    try {
      await store.putDocument('preset', name, sealed(body), generation);
    } catch (error) {
      // Someone has written it anew, or the store takes nothing now: the next reader sees to it.
      if (!(error instanceof UserError)) throw error;
    }
  };

  const make = async (name: string, preset: Preset): Promise<CompiledPreset> =>
    await compilePreset(name, preset, models, key);

  const rules = async (): Promise<CompiledPreset[]> => {
    const generation = store.generation('preset');
    if (cachedRules?.generation === generation) return cachedRules.rules;
    const documents = await store.documents<Preset>('preset');
    const made = await Promise.all(documents.map(({ name, body }) => make(name, opened(body))));
    cachedRules = { generation, rules: made.sort(byWeight) };
    for (const document of documents) await sealOld(document);
    return made;
  };

  const files = async (): Promise<Map<string, StoredFile>> => {
    const generation = store.generation('file');
    if (cachedFiles?.generation === generation) return cachedFiles.files;
    const documents = await store.documents<StoredFile>('file');
    cachedFiles = { generation, files: new Map(documents.map(({ name, body }) => [name, body])) };
    return cachedFiles.files;
  };

  const ground = async (): Promise<MergeInput> => ({
    files: await files(),
    now: clock.now(),
    open: text => openedText(secrets, text),
    key,
  });

  const find = async (name: string): Promise<Preset | undefined> => {
    const found = await store.document<Preset>('preset', name);
    return found && opened(found.body);
  };
  const get = async (name: string): Promise<Preset> => {
    const found = await find(name);
    if (!found) throw new UserError(404, 'no-such-preset', `no preset '${name}'`);
    return found;
  };

  return {
    find,
    get,
    list: async () => (await store.documents<Preset>('preset')).map(({ name, body }) => ({ name, ...opened(body) })),
    put: async (name, preset) => {
      checkName(name);
      await checkPreset(preset, { store, models });
      await store.putDocument('preset', name, sealed(preset));
      events.emit('change', { what: 'preset', name, by: 'written' });
    },
    remove: async name => {
      if (!(await store.deleteDocument('preset', name)))
        throw new UserError(404, 'no-such-preset', `no preset '${name}'`);
      events.emit('change', { what: 'preset', name, by: 'deleted' });
    },
    generation: () => store.generation('preset') + store.generation('file'),
    factsOf: async row => factsOf(await rules(), row, await ground()),
    wanted: async row => wantedState(await rules(), row, await ground()),
    explain: async row => {
      const values = await store.parameters(row.id, '');
      const known = new Map(values.map(({ path, value }) => [path, value]));
      return explain(await rules(), row, await ground(), path => known.get(path));
    },
    causeOf: async (refusal, row, revision) => causeOf(refusal, await rules(), row, await ground(), revision),
    staleCauses: async row => (row.faults.length ? staleCauses(await rules(), row, await ground()) : []),
    usersOf: async file =>
      (await rules()).filter(rule => filesOf(rule).some(({ name }) => name === file)).map(({ name }) => name),
    compiled: async () => ({ presets: await rules(), input: await ground() }),
    compile: async (name, preset) => {
      checkName(name);
      await checkPreset(preset, { store, models });
      return await make(name, preset);
    },
  };
}

function holdsPlainSecret(preset: Preset): boolean {
  let found = false;
  mapPreset(preset, (name, text) => {
    found ||= text !== '' && isSecretName(name) && !isSealedText(text);
    return text;
  });
  return found;
}
