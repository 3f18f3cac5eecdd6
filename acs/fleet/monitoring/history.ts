// History: what devices did, and chosen parameters over time. An observer of the bus: it gathers what happens and hands it to the store
// a few times a second, so that no session waits for it. What is rare is kept of every device; Informs and values only of chosen ones.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { isAbort, messageOf, UserError } from '../../../shared/errors.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import {
  durationOf,
  isWild,
  type Predicate,
  parseFilter,
  toPredicate,
  wildPattern,
  wildStart,
} from '../../query/filter.ts';
import { isStoreTrouble } from '../../store/health.ts';
import type { DeviceEvent, HistoryEntry } from '../../store/records.ts';
import type { SeriesPoint } from '../../store/series.ts';
import { levelFor, levels, pointsOf } from '../../store/series.ts';
import type { FleetContext } from '../common/context.ts';
import type { Cpe } from '../common/ports.ts';
import { isSecretName } from '../common/secrets.ts';

/** Kind `setting`, name `history`: of which devices what is kept. */
export interface HistoryRule {
  /** Of which devices; every one unless told. */
  filter?: string;
  /** Paths: full, partial with the final dot, or with `*`. Numbers become series, changes of other values events. */
  parameters: string[];
  /** Whether each Inform and each ended task is kept as an event; it is unless told. */
  events?: boolean;
  /** How often these parameters are read, in sessions that come anyway, as `15m`; never unless told. */
  read?: string;
}

export interface History {
  rule(): Promise<HistoryRule | undefined>;
  /** @throws UserError 400 that names the place */
  put(rule: HistoryRule): Promise<void>;
  remove(): Promise<void>;
  paths(device: string): Promise<string[]>;
  /** @param limit of points */
  points(
    device: string,
    path: string,
    span: { from?: number; to?: number },
    limit: number,
  ): Promise<{ step: number; points: SeriesPoint[] }>;
  events(device: string, limit: number): Promise<DeviceEvent[]>;
  /** Reads what is due to be read of a device in session. */
  read(visit: { row: DeviceRow }, cpe: Cpe): Promise<void>;
  /** Hands over what was gathered, and ends. */
  stop(): Promise<void>;
}

const FLUSH_MS = 250;
/** Gathered entries that are handed over at once; beyond the other number the oldest are dropped: the store does not keep up. */
const MANY = 500;
const MAX_GATHERED = 20_000;
const MAX_PATTERNS = 32;
/** Values of one message that are kept. */
const MAX_VALUES = 64;
const MAX_REMEMBERED = 50_000;
const SETTING = 'history';
const DAY = 24 * 3_600_000;

interface Compiled {
  rule: HistoryRule;
  fits: Predicate;
  matches: (path: string) => boolean;
  readMs: number | undefined;
}

export function createHistory(context: FleetContext): History {
  const { store, clock, events, log } = context;
  let known: { generation: number; compiled: Compiled | undefined } = { generation: 0, compiled: undefined };
  let looking = false;
  let gathered: HistoryEntry[] = [];
  let flushing: Promise<void> = Promise.resolve();
  let scheduled: { cancel(): void } | undefined;
  /** The last text of each chosen value that is no number, so that only changes are told. */
  const texts = new Map<string, string>();
  const reads = new Map<string, number>();

  const load = async (): Promise<Compiled | undefined> => {
    const generation = store.generation('setting');
    if (known.generation !== generation) {
      const found = await store.document<HistoryRule>('setting', SETTING);
      known = { generation, compiled: found && compiled(found.body) };
    }
    return known.compiled;
  };
  /** What the setting says, as far as it is known now: a change is seen a moment later. */
  const current = (): Compiled | undefined => {
    if (known.generation !== store.generation('setting') && !looking) {
      looking = true;
      load()
        .catch(error => log.warn('the history setting was not read', { reason: messageOf(error) }))
        .finally(() => {
          looking = false;
        });
    }
    return known.compiled;
  };

  const flush = (): void => {
    scheduled?.cancel();
    scheduled = undefined;
    const entries = gathered;
    gathered = [];
    if (entries.length === 0) return;
    flushing = flushing
      .then(() => store.appendHistory(entries))
      // A disk that fails is said once, by health.ts.
      .catch(error =>
        log[isStoreTrouble(error) ? 'debug' : 'warn']('history was not kept', {
          entries: entries.length,
          reason: messageOf(error),
        }),
      );
  };
  const gather = (entry: HistoryEntry): void => {
    gathered.push(entry);
    if (gathered.length > MAX_GATHERED) gathered.shift();
    if (gathered.length >= MANY) flush();
    else scheduled ??= clock.after(FLUSH_MS, flush);
  };
  const note = (device: string, type: string, data: Record<string, unknown>): void =>
    gather({ device, events: [{ time: clock.now(), type, data }] });

  /** Whether the text is another than the last one, which is remembered. */
  const isNew = (device: string, path: string, text: string): boolean => {
    const key = `${device} ${path}`;
    const before = texts.get(key);
    remember(texts, key, text);
    return before !== text;
  };

  const keepValues = (device: string, values: readonly [path: string, value: string][]): void => {
    const time = clock.now();
    const samples = values
      .filter(([, value]) => isNumber(value))
      .map(([path, value]) => ({ path, time, value: Number(value) }));
    if (samples.length > 0) gather({ device, samples });
    for (const [path, value] of values)
      if (!isNumber(value) && isNew(device, path, value)) note(device, 'value', { path, value: value.slice(0, 256) });
  };

  const chosen = ({ matches }: Compiled, list: readonly { Name: string; Value: string }[]): [string, string][] =>
    list
      .filter(({ Name }) => !isSecretName(Name) && matches(Name))
      .slice(0, MAX_VALUES)
      .map(({ Name, Value }) => [Name, Value]);

  const ends = [
    events.on('values', ({ row, list, inform }) => {
      const rule = current();
      if (!rule?.fits(row, clock.now())) return;
      if (inform && rule.rule.events !== false) note(row.id, 'inform', inform);
      keepValues(row.id, chosen(rule, list));
    }),
    events.on('task', ({ task }) => {
      const rule = current();
      if (!task.ended || !rule || rule.rule.events === false) return;
      const { id, method, state, origin, fault } = task;
      note(task.device, 'task', { id, method, state, origin, ...(fault ? { fault } : {}) });
    }),
    events.on('enrolled', ({ device, state }) => note(device, 'enrolled', { state })),
    events.on('late', ({ device, lastInform }) => note(device, 'late', { lastInform })),
    events.on('lost', ({ device, lastInform }) => note(device, 'lost', { lastInform })),
    events.on('back', ({ device, was }) => note(device, 'back', { was })),
    events.on('fault', ({ fault }) => {
      // One that is tried again and fails in the same way is no news.
      if (fault.count === 1)
        note(fault.device, 'fault', { cause: fault.cause, code: fault.code, message: fault.message });
    }),
    events.on('faultCleared', ({ device, cause }) => note(device, 'faultCleared', { cause })),
    events.on('rollout', ({ device, ...data }) => {
      if (device !== undefined) note(device, 'rollout', data);
    }),
  ];

  /** Each name by itself where one of them is not known to the device. */
  const ask = async (cpe: Cpe, names: readonly string[]): Promise<{ Name: string; Value: string; Type: string }[]> => {
    try {
      return (await cpe.call('GetParameterValues', { ParameterNames: [...names] })).ParameterList;
    } catch (error) {
      if (!(error instanceof CwmpFault)) throw error;
      if (names.length === 1) return [];
      const found = [];
      for (const name of names) found.push(...(await ask(cpe, [name])));
      return found;
    }
  };

  const read: History['read'] = async ({ row }, cpe) => {
    const rule = await load();
    const now = clock.now();
    if (rule?.readMs === undefined || now - (reads.get(row.id) ?? Number.NEGATIVE_INFINITY) < rule.readMs) return;
    if (!rule.fits(row, now)) return;
    remember(reads, row.id, now);
    const names = [...new Set(rule.rule.parameters.map(path => (isWild(path) ? wildStart(path) : path)))];
    const list = await ask(cpe, names);
    const values = list.map(
      ({ Name, Value, Type }): KnownValue => ({ path: Name, value: Value, type: Type, time: now }),
    );
    // Rows that a table has no more are forgotten.
    for (const table of names.filter(name => name.endsWith('.')))
      await store.putParameters(
        row.id,
        values.filter(({ path }) => path.startsWith(table)),
        table,
      );
    await store.putParameters(
      row.id,
      values.filter(({ path }) => names.includes(path)),
    );
    events.emit('values', { row, list });
  };

  return {
    rule: async () => (await load())?.rule,
    put: async rule => {
      compiled(rule);
      await store.putDocument('setting', SETTING, rule);
      events.emit('change', { what: 'setting', name: SETTING, by: 'written' });
      await load();
    },
    remove: async () => {
      if (!(await store.deleteDocument('setting', SETTING)))
        throw new UserError(404, 'no-such-setting', 'no history is chosen');
      events.emit('change', { what: 'setting', name: SETTING, by: 'deleted' });
      await load();
    },
    paths: async device => {
      flush();
      await flushing;
      return await store.seriesPaths(device);
    },
    points: async (device, path, { from, to }, limit) => {
      flush();
      await flushing;
      const now = clock.now();
      const span = { from: from ?? (to ?? now) - DAY, to: to ?? now };
      if (span.from >= span.to) throw new UserError(400, 'bad-span', 'from: must lie before to');
      const level = levelFor(span.from, now);
      const buckets = await store.series({ device, path, level });
      const { step } = levels[level]!;
      const points = pointsOf(buckets, levels[level]!, span, limit);
      return { step: Math.max(step, Math.ceil((span.to - span.from) / limit / step) * step), points };
    },
    events: async (device, limit) => {
      flush();
      await flushing;
      return await store.deviceEvents(device, limit);
    },
    read: async (visit, cpe) => {
      try {
        await read(visit, cpe);
      } catch (error) {
        // It is for looking at: a store that fails just now says so elsewhere.
        if (isAbort(error) || !(error instanceof UserError)) throw error;
        log.warn('parameters for the history were not kept', { device: visit.row.id, reason: error.message });
      }
    },
    stop: async () => {
      for (const end of ends) end();
      flush();
      await flushing;
    },
  };
}

/** As the latest; the oldest is forgotten where there are too many. */
function remember<T>(known: Map<string, T>, key: string, value: T): void {
  known.delete(key);
  known.set(key, value);
  if (known.size <= MAX_REMEMBERED) return;
  for (const oldest of known.keys()) {
    known.delete(oldest);
    return;
  }
}

const isNumber = (text: string): boolean => /^[+-]?\d{1,15}(\.\d{1,15})?$/.test(text);

/** @throws UserError 400 that names the place */
function compiled(rule: HistoryRule): Compiled {
  const { filter, parameters, read } = rule;
  if (parameters.length > MAX_PATTERNS)
    throw new UserError(400, 'too-many-parameters', `parameters: at most ${MAX_PATTERNS} are followed`);
  const stray = parameters.find(path => !/^(Device|InternetGatewayDevice)\.(([\w-]+|\*)\.)*([\w-]+|\*)?$/.test(path));
  if (stray !== undefined) throw new UserError(400, 'bad-path', `parameters: '${stray}' is no path`);
  const tests = parameters.map((path): ((name: string) => boolean) => {
    const pattern = isWild(path) ? wildPattern(path) : undefined;
    if (pattern) return name => pattern.test(name);
    return path.endsWith('.') ? name => name.startsWith(path) : name => name === path;
  });
  return {
    rule,
    fits: filter === undefined ? () => true : fitsOf(filter),
    matches: name => tests.some(test => test(name)),
    readMs: read === undefined ? undefined : durationOf(read),
  };
}

function fitsOf(filter: string): Predicate {
  try {
    return toPredicate(parseFilter(filter));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.status, error.code, `filter: ${error.message}`, error.detail);
  }
}
