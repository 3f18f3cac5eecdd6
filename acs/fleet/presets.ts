// Wanted state: presets are rules over what a device durably is; merged, they give one revision, which is the ParameterKey.
import { createHash } from 'node:crypto';
import { UserError } from '../../shared/errors.ts';
import { checkValue } from '../../shared/model/values.ts';
import { isWild, parseFilter, passingPart, pathsOf, toPredicate, wildPattern } from '../store/filter.ts';
import { toldValues } from '../store/inform.ts';
import type { DeviceRow, StoredDocument, WantedValue } from '../store/store.ts';
import type { FleetContext } from './context.ts';
import { wantedOf } from './devices.ts';
import type { FileKind, Files, StoredFile } from './files.ts';
import type { Models } from './models.ts';

/** Rows that a table must hold, matched by their key columns. */
export interface WantedObjects {
  /** Columns that make two rows the same one. */
  keys: string[];
  rows: Record<string, string | number | boolean>[];
  /** Rows that are not listed are deleted. */
  exclusive?: boolean;
}

export interface Preset {
  /** Filter over what the device durably is; absent: every device. */
  when?: string;
  /** Higher wins; equal weights go by name. */
  weight?: number;
  set?: Record<string, string | number | boolean | WantedValue>;
  /** By table path, with its final dot. */
  objects?: Record<string, WantedObjects>;
  /** Names of stored files. */
  certificates?: string[];
  script?: string;
  firmware?: string;
  /** What to do about settings that wait for a service restart. */
  restart?: 'now' | 'never';
}

export interface WantedFile {
  kind: 'certificate' | 'script' | 'firmware';
  file: StoredFile;
  preset: string;
}

/** What one device should be: the merge of the presets that fit it, and its overrides. */
export interface Wanted {
  /** 16 hexadecimal digits; '' when nothing is wanted. */
  revision: string;
  set: Map<string, WantedValue & { preset: string }>;
  objects: { table: string; preset: string; wanted: WantedObjects }[];
  files: WantedFile[];
  restart: 'now' | 'never';
}

export interface Presets {
  list(): Promise<(Preset & { name: string })[]>;
  get(name: string): Promise<Preset>;
  /** @throws UserError 400 that names the place */
  put(name: string, preset: Preset): Promise<void>;
  remove(name: string): Promise<void>;
  /** Changes whenever any preset or file does. */
  generation(): number;
  /** Short hash of all that the choice and merge of presets depend on. */
  factsOf(row: DeviceRow): Promise<string>;
  wanted(row: DeviceRow): Promise<Wanted>;
  /** Names of the presets that want a stored file. */
  usersOf(file: string): Promise<string[]>;
  /** Who would change if `preset` (the stored one where absent) stood under `name`, and their parameters before and after. */
  dryRun(name: string, preset: Preset | undefined, limit: number): Promise<DryRun>;
}

export interface DryRun {
  matched: number;
  devices: {
    device: string;
    revision: { before: string; after: string };
    set: { path: string; known: string | null; wanted: string }[];
    files: string[];
  }[];
}

interface Compiled {
  name: string;
  preset: Preset;
  fits: (row: DeviceRow, now: number) => boolean;
  /** Parameters that its rule looks at. */
  paths: readonly string[];
}

const compile = (name: string, preset: Preset): Compiled => {
  const filter = preset.when ? parseFilter(preset.when) : undefined;
  return { name, preset, fits: filter ? toPredicate(filter) : () => true, paths: filter ? pathsOf(filter) : [] };
};

export function createPresets(context: FleetContext, files: Files, models: Models): Presets {
  const { store, clock, events } = context;
  let cached: { generation: number; compiled: Compiled[] } | undefined;

  const compiled = async (): Promise<Compiled[]> => {
    const generation = store.generation('preset');
    if (cached?.generation === generation) return cached.compiled;
    const documents = await store.documents<Preset>('preset');
    cached = {
      generation,
      compiled: documents.map((document: StoredDocument<Preset>) => compile(document.name, document.body)),
    };
    return cached.compiled;
  };

  const isBlocked = (row: DeviceRow, name: string): boolean =>
    row.faults.some(fault => fault.cause === `preset:${name}` && fault.retryAt > clock.now());

  const applicable = (all: Compiled[], row: DeviceRow): Compiled[] =>
    all
      .filter(entry => !isBlocked(row, entry.name) && entry.fits(row, clock.now()))
      .sort((a, b) => (a.preset.weight ?? 0) - (b.preset.weight ?? 0) || a.name.localeCompare(b.name));

  const merge = async (chosen: Compiled[], row: DeviceRow): Promise<Wanted> => {
    const set: Wanted['set'] = new Map();
    const objects = new Map<string, Wanted['objects'][number]>();
    let restart: Wanted['restart'] = 'never';
    for (const { name, preset } of chosen) {
      for (const [path, value] of Object.entries(preset.set ?? {}))
        set.set(path, { ...wantedOf(value)!, preset: name });
      for (const [table, wanted] of Object.entries(preset.objects ?? {}))
        objects.set(table, { table, preset: name, wanted });
      restart = preset.restart ?? restart;
    }
    for (const [path, value] of Object.entries(row.overrides)) set.set(path, { ...value, preset: 'override' });
    const found = await Promise.all(
      filesOf(chosen).map(async ({ kind, preset, name }) => ({ kind, preset, file: await files.about(name) })),
    );
    const wanted: Wanted = { revision: '', set, objects: [...objects.values()], files: found, restart };
    return { ...wanted, revision: revisionOf(wanted) };
  };

  const validate = async (preset: Preset): Promise<void> => {
    const passing = preset.when ? passingPart(parseFilter(preset.when)) : undefined;
    if (passing)
      throw new UserError(
        400,
        'passing-rule',
        `when: '${passing}' changes by itself; a preset's rule is over what a device durably is`,
      );
    for (const [path, value] of Object.entries(preset.set ?? {}))
      await checkWanted(`set: ${path}`, path, wantedOf(value)!);
    for (const [table, wanted] of Object.entries(preset.objects ?? {})) await checkRows(table, wanted);
    for (const name of preset.certificates ?? []) await checkFile('certificates', name, ['certificate']);
    if (preset.script) await checkFile('script', preset.script, ['script', 'upload']);
    if (preset.firmware) await checkFile('firmware', preset.firmware, ['firmware']);
  };

  const checkFile = async (place: string, name: string, types: readonly FileKind[]): Promise<void> => {
    const found = await store.document<StoredFile>('file', name);
    if (!found) throw new UserError(400, 'no-such-file', `${place}: no file '${name}'`);
    if (!types.includes(found.body.type))
      throw new UserError(
        400,
        'wrong-file-type',
        `${place}: '${name}' is a ${found.body.type} file, not a ${types[0]}`,
      );
  };

  const checkRows = async (table: string, wanted: WantedObjects): Promise<void> => {
    if (!table.endsWith('.')) throw new UserError(400, 'bad-table', `objects: '${table}' must end with a dot`);
    for (const [index, row] of wanted.rows.entries()) {
      const place = `objects: ${table} row ${index + 1}`;
      const missing = wanted.keys.find(key => row[key] === undefined);
      if (missing) throw new UserError(400, 'key-missing', `${place} lacks its key ${missing}`);
      for (const [column, value] of Object.entries(row))
        await checkWanted(`${place} ${column}`, `${table}1.${column}`, wantedOf(value)!);
    }
  };

  const checkWanted = async (place: string, path: string, wanted: WantedValue): Promise<void> => {
    const def = await models.lookup(path);
    if (!def && models.isBeyond(path)) return;
    if (!def) throw new UserError(400, 'unknown-parameter', `${place}: no known data model has ${path}`);
    if (!def.writable) throw new UserError(400, 'read-only', `${place}: ${path} is read-only`);
    const checked = checkValue(def, wanted.value, wanted.type);
    if (!checked.ok) throw new UserError(400, 'bad-value', `${place}: ${checked.message}`);
  };

  const factsOf = async (row: DeviceRow): Promise<string> => {
    const paths = [...new Set((await compiled()).flatMap(entry => entry.paths))].sort();
    const told = paths.length > 0 ? toldValues(row) : {};
    const facts = [
      row.manufacturer,
      row.softwareVersion,
      row.hardwareVersion,
      row.provisioningCode,
      row.tags,
      row.site,
      row.overrides,
      paths.map(path => (isWild(path) ? toldBelow(told, path) : told[path])),
      row.faults.filter(fault => fault.retryAt > clock.now()).map(fault => fault.cause),
    ];
    return createHash('sha1').update(JSON.stringify(facts)).digest('base64url').slice(0, 12);
  };

  const get = async (name: string): Promise<Preset> => {
    const found = await store.document<Preset>('preset', name);
    if (!found) throw new UserError(404, 'no-such-preset', `no preset '${name}'`);
    return found.body;
  };

  return {
    get,
    factsOf,
    list: async () =>
      (await store.documents<Preset>('preset')).map(document => ({ name: document.name, ...document.body })),
    put: async (name, preset) => {
      if (!/^[\w.-]{1,64}$/.test(name))
        throw new UserError(400, 'bad-name', `'${name}': a preset's name is 1 to 64 letters, digits and . _ -`);
      await validate(preset);
      await store.putDocument('preset', name, preset);
      events.emit('change', { what: 'preset', name, by: 'written' });
    },
    remove: async name => {
      if (!(await store.deleteDocument('preset', name)))
        throw new UserError(404, 'no-such-preset', `no preset '${name}'`);
      events.emit('change', { what: 'preset', name, by: 'deleted' });
    },
    usersOf: async file =>
      (await compiled()).filter(entry => filesOf([entry]).some(({ name }) => name === file)).map(entry => entry.name),
    generation: () => store.generation('preset') + store.generation('file'),
    wanted: async row => await merge(applicable(await compiled(), row), row),
    dryRun: async (name, preset, limit) => {
      if (preset) await validate(preset);
      const stored = await compiled();
      const others = stored.filter(entry => entry.name !== name);
      const [before, after] = preset ? [stored, [...others, compile(name, preset)]] : [others, stored];
      const run: DryRun = { matched: 0, devices: [] };
      let cursor: string | undefined;
      do {
        const page = await store.devices({ limit: 500, now: clock.now(), ...(cursor ? { cursor } : {}) });
        for (const row of page.items.filter(item => item.state === 'enrolled'))
          await dryRunOne(run, row, before, after, limit);
        cursor = page.next;
      } while (cursor);
      return run;
    },
  };

  async function dryRunOne(
    run: DryRun,
    row: DeviceRow,
    before: Compiled[],
    after: Compiled[],
    limit: number,
  ): Promise<void> {
    const [old, fresh] = [await merge(applicable(before, row), row), await merge(applicable(after, row), row)];
    // Where the rule as stored is asked about, a device that holds it already changes no more.
    if (old.revision === fresh.revision || row.parameterKey === fresh.revision) return;
    run.matched++;
    if (run.devices.length >= limit) return;
    const known = new Map<string, string>();
    for (const path of fresh.set.keys())
      for (const value of await store.parameters(row.id, path)) known.set(value.path, value.value);
    run.devices.push({
      device: row.id,
      revision: { before: old.revision, after: fresh.revision },
      set: [...fresh.set]
        .filter(([path, value]) => known.get(path) !== value.value)
        .map(([path, value]) => ({ path, known: known.get(path) ?? null, wanted: value.value })),
      files: fresh.files.filter(file => !isApplied(file, row)).map(file => file.file.name),
    });
  }
}

/** What was told of the parameters that a path with `*` fits. */
function toldBelow(told: Record<string, string>, path: string): [string, string][] {
  const pattern = wildPattern(path);
  return Object.entries(told).filter(([name]) => pattern.test(name));
}

/** Certificates first, then the script, then firmware: what comes later may rest on what came before. */
function filesOf(chosen: Compiled[]): { kind: WantedFile['kind']; name: string; preset: string }[] {
  const wanted = new Map<string, { kind: WantedFile['kind']; name: string; preset: string }>();
  for (const {
    name: preset,
    preset: { certificates = [], script, firmware },
  } of chosen) {
    for (const name of certificates) wanted.set(`certificate:${name}`, { kind: 'certificate', name, preset });
    if (script) wanted.set(`script:${script}`, { kind: 'script', name: script, preset });
    if (firmware) wanted.set('firmware', { kind: 'firmware', name: firmware, preset });
  }
  const order = ['certificate', 'script', 'firmware'];
  return [...wanted.values()].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** Whether the device has taken the file already: firmware by the version it reports, the rest by what it was sent. */
export function isApplied(wanted: WantedFile, row: DeviceRow): boolean {
  if (wanted.kind === 'firmware') return row.softwareVersion === wanted.file.version;
  return row.applied[wanted.file.name] === wanted.file.sha256;
}

function revisionOf(wanted: Wanted): string {
  const content = [
    [...wanted.set].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, { value, type }]) => [path, value, type]),
    wanted.objects.map(entry => [entry.table, entry.wanted]).sort(),
    wanted.files.map(entry => [entry.kind, entry.file.name, entry.file.sha256, entry.file.version]),
    wanted.restart,
  ];
  if (wanted.set.size === 0 && wanted.objects.length === 0 && wanted.files.length === 0) return '';
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}
