// Alerts: rules over the whole fleet, as data. Each is a filter, counted by groups in the store, and how many are too many for how long.
// One process at a time works them out; how each group stands is kept, so that it fires once and is resolved once.
import { isAbort, messageOf, UserError } from '../../../shared/errors.ts';
import type { AcsEvents } from '../../events.ts';
import { durationOf, type Filter, isWild, parseField, parseFilter } from '../../query/filter.ts';
import { noticeId } from '../../store/notices.ts';
import type { Notice, StoredDocument } from '../../store/records.ts';
import type { Group } from '../../store/store.ts';
import type { FleetContext } from '../common/context.ts';

export interface AlertRule {
  description?: string;
  severity?: 'info' | 'warning' | 'critical';
  /** The devices that are counted; `now`, `online`, `late` and `lost` are allowed. */
  filter: string;
  /** Of which devices; those that are enrolled unless told. */
  among?: string;
  /** A field of the filter language: each of its values is counted apart. */
  groupBy?: string;
  /** More than so many; `count` and `share` (0 to 1) must both be passed where both are given. 0 unless told. */
  above?: number | { count?: number; share?: number };
  /** How long it must hold before it fires, as `15m`. */
  for?: string;
  /** Told to these webhooks alone, whatever else they want; to those that want alerts unless told. */
  webhooks?: string[];
}

export type AlertState = 'ok' | 'pending' | 'firing';

export interface AlertGroup {
  key: string;
  state: 'pending' | 'firing';
  /** Since when it holds, and since when it fires, milliseconds. */
  since: number;
  firing?: number;
  count: number;
  total: number;
  samples: string[];
}

/** How an alert was found to be, kind `alertState`. */
interface Found {
  evaluated: number;
  /** How long that took, milliseconds. */
  took: number;
  groups: AlertGroup[];
  /** Groups that are over as well, beyond those that are kept. */
  omitted: number;
  /** Devices that the filter fits, over all groups. */
  count: number;
  error?: string;
}

export interface AlertView extends AlertRule, Omit<Found, 'evaluated' | 'took'> {
  name: string;
  state: AlertState;
  evaluated: number | undefined;
}

export interface Alerts {
  list(): Promise<AlertView[]>;
  get(name: string): Promise<AlertView>;
  /** Checks, keeps and works it out at once. @returns whether it is new. @throws UserError 400 that names the place */
  put(name: string, rule: AlertRule): Promise<boolean>;
  remove(name: string): Promise<void>;
  /** Works out all that are due. */
  evaluate(): Promise<void>;
}

/** How often alerts are worked out. */
export const EVALUATE_MS = 30_000;
/** One that takes long is worked out so seldom that it takes no more than this part of the time. */
const MAX_SHARE = 0.05;
const MAX_ALERTS = 200;
/** Groups of an alert that are kept, and that one count looks at. */
const MAX_GROUPS = 100;
const MAX_COUNTED = 2000;
const DEFAULT_AMONG = 'state = "enrolled"';

export function createAlerts(context: Pick<FleetContext, 'store' | 'clock' | 'events' | 'log'>): Alerts {
  const { store, clock, events, log } = context;

  const work = async (rule: AlertRule, before: Found | undefined): Promise<Found> => {
    const { above, forMs, ...query } = compiled(rule);
    const started = clock.monotonic();
    const now = clock.now();
    const found = await store.groups({ ...query, totals: above.share !== undefined, limit: MAX_COUNTED, now });
    const over = found.groups.filter(group => isOver(group, above));
    const known = new Map(before?.groups.map(group => [group.key, group]));
    return {
      evaluated: now,
      took: clock.monotonic() - started,
      groups: over.slice(0, MAX_GROUPS).map(group => stateOf(group, known.get(group.key), forMs, now)),
      omitted: Math.max(0, over.length - MAX_GROUPS),
      count: found.count,
    };
  };

  /** Keeps what was found and tells what changed by it, unless somebody else did meanwhile. */
  const keep = async (name: string, rule: AlertRule, before: StoredDocument<Found> | undefined, found: Found) => {
    const changes = transitions(before?.body.groups ?? [], found.groups).map(({ state, group }) => ({
      alert: name,
      state,
      severity: rule.severity ?? ('warning' as const),
      group: group.key,
      count: group.count,
      total: group.total,
      since: new Date(group.since).toISOString(),
      samples: group.samples,
    }));
    const notices = changes.map(change => noticeOf(change, rule, clock.now()));
    await store.putDocument('alertState', name, found, before?.generation ?? 0, notices);
    for (const change of changes) events.emit('alert', change);
  };

  const evaluateOne = async (name: string, rule: AlertRule): Promise<void> => {
    const before = await store.document<Found>('alertState', name);
    try {
      await keep(name, rule, before, await work(rule, before?.body));
    } catch (error) {
      if (isAbort(error) || (error instanceof UserError && error.code === 'changed-meanwhile')) return;
      if (!(error instanceof UserError)) throw error;
      log.warn('an alert cannot be worked out', { alert: name, reason: messageOf(error) });
      const empty: Found = { evaluated: 0, took: 0, groups: [], omitted: 0, count: 0 };
      const failed = { ...(before?.body ?? empty), evaluated: clock.now(), error: error.message };
      await store.putDocument('alertState', name, failed, before?.generation ?? 0);
    }
  };

  const viewed = (name: string, rule: AlertRule, found: Found | undefined): AlertView => ({
    name,
    ...rule,
    state: worst(found?.groups ?? []),
    evaluated: found?.evaluated,
    groups: found?.groups ?? [],
    omitted: found?.omitted ?? 0,
    count: found?.count ?? 0,
    ...(found?.error === undefined ? {} : { error: found.error }),
  });
  const rule = async (name: string): Promise<AlertRule> => {
    const found = await store.document<AlertRule>('alert', name);
    if (!found) throw new UserError(404, 'no-such-alert', `no alert '${name}'`);
    return found.body;
  };

  return {
    list: async () => {
      const states = new Map((await store.documents<Found>('alertState')).map(({ name, body }) => [name, body]));
      return (await store.documents<AlertRule>('alert')).map(({ name, body }) => viewed(name, body, states.get(name)));
    },
    get: async name => viewed(name, await rule(name), (await store.document<Found>('alertState', name))?.body),
    put: async (name, given) => {
      checkName(name);
      compiled(given);
      for (const webhook of given.webhooks ?? [])
        if (!(await store.document('webhook', webhook)))
          throw new UserError(400, 'no-such-webhook', `webhooks: no webhook '${webhook}'`);
      const standing = await store.documents<AlertRule>('alert');
      const isNew = !standing.some(alert => alert.name === name);
      if (isNew && standing.length >= MAX_ALERTS)
        throw new UserError(409, 'too-many-alerts', `there are ${standing.length} alerts already`);
      await store.putDocument('alert', name, given);
      events.emit('change', { what: 'alert', name, by: 'written' });
      await evaluateOne(name, given);
      return isNew;
    },
    remove: async name => {
      const last = await rule(name);
      const state = await store.document<Found>('alertState', name);
      if (state) await keep(name, last, state, { ...state.body, groups: [], omitted: 0, count: 0 });
      await store.deleteDocument('alertState', name);
      await store.deleteDocument('alert', name);
      events.emit('change', { what: 'alert', name, by: 'deleted' });
    },
    evaluate: async () => {
      if (store.generation('alert') === 0) return;
      const states = new Map((await store.documents<Found>('alertState')).map(({ name, body }) => [name, body]));
      for (const { name, body } of await store.documents<AlertRule>('alert')) {
        const { evaluated = 0, took = 0 } = states.get(name) ?? {};
        if (evaluated + took / MAX_SHARE <= clock.now()) await evaluateOne(name, body);
      }
    },
  };
}

/** What webhooks are told. */
const noticeOf = (change: AcsEvents['alert'], { description, webhooks }: AlertRule, time: number): Notice => ({
  id: noticeId('alert', change.alert, change.group, change.since, change.state),
  type: 'alert',
  time,
  data: { ...change, ...(description === undefined ? {} : { description }) },
  ...(webhooks ? { to: webhooks } : {}),
});

function checkName(name: string): void {
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new UserError(400, 'bad-name', `'${name}': an alert's name is 1 to 64 letters, digits and . _ -`);
}

interface Compiled {
  filter: Filter;
  among: Filter;
  by?: ReturnType<typeof parseField>;
  above: { count: number; share?: number };
  forMs: number;
}

/** @throws UserError 400 that names the place */
function compiled({ filter, among = DEFAULT_AMONG, groupBy, above = 0, for: lasting = '0s' }: AlertRule): Compiled {
  const limits = typeof above === 'number' ? { count: above } : { count: 0, ...above };
  const by = groupBy === undefined ? undefined : at('groupBy', () => groupField(groupBy));
  return {
    filter: at('filter', () => parseFilter(filter)),
    among: at('among', () => parseFilter(among)),
    ...(by ? { by } : {}),
    above: limits,
    forMs: at('for', () => durationOf(lasting)),
  };
}

function groupField(text: string): ReturnType<typeof parseField> {
  const field = parseField(text);
  if (['time', 'flag'].includes(field.kind) || field.name === 'id')
    throw new UserError(400, 'bad-filter', `devices cannot be grouped by "${text}"`);
  if (field.kind === 'path' && isWild(field.name))
    throw new UserError(400, 'bad-filter', `"${text}" stands for several parameters: name one`);
  return field;
}

function at<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.status, error.code, `${place}: ${error.message}`, error.detail);
  }
}

const isOver = ({ count, total }: Group, above: Compiled['above']): boolean =>
  count > above.count && (above.share === undefined || count / total > above.share);

function stateOf(group: Group, before: AlertGroup | undefined, forMs: number, now: number): AlertGroup {
  const since = before?.since ?? now;
  const firing = before?.firing ?? (now - since >= forMs ? now : undefined);
  return {
    ...group,
    state: firing === undefined ? 'pending' : 'firing',
    since,
    ...(firing === undefined ? {} : { firing }),
  };
}

/** Groups that began to fire, and those that did and do no more. */
function transitions(
  before: readonly AlertGroup[],
  after: readonly AlertGroup[],
): { state: 'firing' | 'resolved'; group: AlertGroup }[] {
  const fired = new Set(before.filter(isFiring).map(group => group.key));
  const fires = new Set(after.filter(isFiring).map(group => group.key));
  return [
    ...after
      .filter(group => isFiring(group) && !fired.has(group.key))
      .map(group => ({ state: 'firing' as const, group })),
    ...before
      .filter(group => isFiring(group) && !fires.has(group.key))
      .map(group => ({ state: 'resolved' as const, group })),
  ];
}

const isFiring = ({ state }: AlertGroup): boolean => state === 'firing';

function worst(groups: readonly AlertGroup[]): AlertState {
  if (groups.some(isFiring)) return 'firing';
  return groups.length > 0 ? 'pending' : 'ok';
}
