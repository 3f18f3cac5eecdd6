// The parts of the SQLite store by topic: each request goes to the writer, to a search, or to a quick read.
import type { Clock } from '../../../shared/clock.ts';
import { mapInTurns, Turns } from '../../../shared/turns.ts';
import type { DeviceFault } from '../../device/fault.ts';
import type { Moved } from '../../device/many.ts';
import type { DeviceOperation, DeviceOperations, Informed, InformFacts } from '../../device/operation-types.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import type { Comparison } from '../comparison-tally.ts';
import type { DocumentVersion, VersionedKind } from '../document-versions.ts';
import { pageOf, type TaskKey } from '../paging.ts';
import type { Delivery, DocumentKind, StoredDocument } from '../records.ts';
import type { DeviceQuery, Facets, FaultGroups, Groups, Store, TaskQuery } from '../store.ts';
import { taskPage } from '../task-page.ts';
import type { Connections } from './connections.ts';
import { isIndexedSort } from './queries/device-order.ts';
import { type PartsAnswer, rowsOf } from './queries/device-pages.ts';
import type { KnownAnswer } from './queries/parameter-queries.ts';
import type { WriteRequest } from './writes/write-request.ts';

type DevicePage = Awaited<ReturnType<Store['devices']>>;

type DevicePart = Pick<
  Store,
  | 'device'
  | 'deviceByUsername'
  | 'apply'
  | 'applyToMany'
  | 'devices'
  | 'countDevices'
  | 'groups'
  | 'facets'
  | 'compareDevices'
  | 'overdue'
  | 'parameters'
  | 'parameterPage'
  | 'knownValues'
  | 'putParameters'
>;

export function deviceStore({ write, search, queries }: Connections): DevicePart {
  return {
    device: async id => queries.devices.byId(id),
    deviceByUsername: async username => queries.devices.byUsername(username),
    apply: async <N extends DeviceOperation>(id: string, name: N, args: DeviceOperations[N]['args']) => {
      const result = (await write({ do: 'apply', id, name, args })) as DeviceOperations[N]['result'];
      if (name === 'informed') restoreTold(result as Informed, args as InformFacts);
      if (name === 'taskSettled') restoreResult(result as Settled['result'], args as Settled['args']);
      return result;
    },
    applyToMany: async many => (await write({ do: 'applyToMany', many })) as Moved[],
    // Without a filter an index gives the page at once; a filter may have to look at every device.
    devices: async query => {
      if (query.only) {
        const { parts, ...rest } = (await search({ do: 'devices', query })) as PartsAnswer;
        return { items: rowsOf(parts, query.only), ...rest };
      }
      return query.filter || !isIndexedSort(query)
        ? await parsedPage((await search({ do: 'devices', query })) as string)
        : await inPortions(query, portion => queries.pages.page(portion));
    },
    countDevices: async (filter, now) =>
      (await search(filter ? { do: 'countDevices', filter, now } : { do: 'countDevices', now })) as number,
    groups: async query => (await search({ do: 'groups', query })) as Groups,
    facets: async query => (await search({ do: 'facets', query })) as Facets,
    compareDevices: async query => (await search({ do: 'compareDevices', query })) as Comparison,
    overdue: async query => (await search({ do: 'overdue', query })) as string[],

    parameters: async (device, path) => queries.parameters.ofDevice(device, path),
    // The order by path costs a look at all parameters of the device.
    parameterPage: async query => (await search({ do: 'parameters', query })) as { items: KnownValue[]; next?: string },
    knownValues: async (devices, paths) => {
      const { texts, of } = (await search({ do: 'knownValues', devices, paths })) as KnownAnswer;
      return new Map(of.map(([device, at]) => [device, texts[at]!]));
    },
    putParameters: async (device, values, replaceBelow, most) => {
      const below = replaceBelow === undefined ? undefined : { replaceBelow };
      await write({ do: 'putParameters', device, values, ...below, ...(most === undefined ? undefined : { most }) });
    },
  };
}

/** Rows that are read and parsed without a break: about a millisecond. */
const PORTION = 64;

/** The rows of a page that came as lines (device-pages.ts), parsed with breaks. */
async function parsedPage(lines: string): Promise<DevicePage> {
  const [next, ...texts] = lines.split('\n');
  const items = await mapInTurns(texts, PORTION, text => JSON.parse(text) as DeviceRow);
  return next ? { items, next } : { items };
}

/** A page of devices in smaller ones, with breaks, so that sessions get their turn. */
async function inPortions(query: DeviceQuery, read: (query: DeviceQuery) => DevicePage): Promise<DevicePage> {
  const turns = new Turns(PORTION);
  const limit = pageOf(query.limit);
  const items: DeviceRow[] = [];
  for (let cursor = query.cursor; ; ) {
    const portion = { ...query, limit: Math.min(PORTION, limit - items.length) };
    const page = read(cursor === undefined ? portion : { ...portion, cursor });
    items.push(...page.items);
    if (page.next === undefined || items.length >= limit) return { ...page, items };
    cursor = page.next;
    await turns.spent(page.items.length);
  }
}

/** Puts back the row's `told`, which the writer does not send back where it is the text that it was sent. */
function restoreTold(informed: Informed, { report }: InformFacts): void {
  if (informed.outcome === 'claimed') informed.row.told ??= report.values;
}

type Settled = DeviceOperations['taskSettled'];

/** Puts back the result of a task, which the writer does not send back where the request has brought it. */
function restoreResult(settled: Settled['result'], { outcome }: Settled['args']): void {
  if (typeof settled !== 'object' || outcome.state === 'queued' || !outcome.result) return;
  settled.task.result ??= outcome.result;
}

/** True where a query may have to look at many tasks. */
const isChosen = ({ states, method, within }: TaskQuery): boolean =>
  states !== undefined || method !== undefined || within !== undefined;

type WorkPart = Pick<Store, 'tasks' | 'countTasks' | 'task' | 'faults' | 'countFaults' | 'faultGroups' | 'fault'>;

export const workStore = ({ search, queries }: Connections): WorkPart => ({
  tasks: async query => {
    const keys = isChosen(query) ? ((await search({ do: 'taskKeys', query })) as TaskKey[]) : queries.tasks.keys(query);
    return await taskPage(keys, query, async ids => {
      if (!query.isLean) return queries.work.taskTexts(ids);
      const texts = (await search({ do: 'leanTexts', ids })) as [string, string][];
      return new Map<string, string | Task>([...texts, ...queries.work.openTasks(ids)]);
    });
  },
  countTasks: async choice => (await search({ do: 'countTasks', choice })) as number,
  task: async id => queries.work.task(id),
  faults: async query => (await search({ do: 'faults', query })) as { items: DeviceFault[]; next?: string },
  countFaults: async (filter, now) =>
    (await search({ do: 'countFaults', ...(filter ? { filter } : {}), now })) as number,
  faultGroups: async query => (await search({ do: 'faultGroups', query })) as FaultGroups,
  fault: async id => queries.faults.byId(id),
});

type DocumentPart = Pick<
  Store,
  | 'documents'
  | 'document'
  | 'putDocument'
  | 'deleteDocument'
  | 'versions'
  | 'version'
  | 'deletedDocuments'
  | 'generation'
>;

export function documentStore({ write, queries }: Connections, clock: Clock): DocumentPart {
  const generations = queries.documents.generations();
  const note = (kind: DocumentKind, generation: number): void => {
    generations.set(kind, Math.max(generation, generations.get(kind) ?? 0));
  };
  return {
    documents: async <T>(kind: DocumentKind) => queries.documents.list(kind) as StoredDocument<T>[],
    document: async <T>(kind: DocumentKind, name: string) =>
      queries.documents.get(kind, name) as StoredDocument<T> | undefined,
    putDocument: async (kind, name, body, expected, notices, changeNote) => {
      const request: WriteRequest = { do: 'putDocument', kind, name, body, now: clock.now() };
      if (expected !== undefined) request.expected = expected;
      if (notices?.length) request.notices = notices;
      if (changeNote) request.note = changeNote;
      const generation = (await write(request)) as number;
      note(kind, generation);
      return generation;
    },
    deleteDocument: async (kind, name, expected, changeNote) => {
      const request: WriteRequest = { do: 'deleteDocument', kind, name, now: clock.now() };
      if (expected !== undefined) request.expected = expected;
      if (changeNote) request.note = changeNote;
      const generation = (await write(request)) as number | undefined;
      if (generation === undefined) return false;
      note(kind, generation);
      return true;
    },
    versions: async (kind, name) => queries.documents.versions(kind, name),
    version: async <T>(kind: VersionedKind, name: string, generation: number) =>
      queries.documents.version(kind, name, generation) as DocumentVersion<T> | undefined,
    deletedDocuments: async kind => queries.documents.deleted(kind),
    generation: kind => generations.get(kind) ?? 0,
  };
}

type HistoryPart = Pick<Store, 'appendHistory' | 'series' | 'seriesPaths' | 'deviceEvents' | 'deviceSessions'>;

export const historyStore = ({ write, queries }: Connections): HistoryPart => ({
  appendHistory: async entries => {
    await write({ do: 'appendHistory', entries });
  },
  series: async query => queries.history.series(query),
  seriesPaths: async device => queries.history.paths(device),
  deviceEvents: async (device, limit) => queries.history.events(device, limit),
  deviceSessions: async query => queries.history.sessions(query),
});

type DeliveryPart = Pick<
  Store,
  | 'takeDeliveries'
  | 'settleDelivery'
  | 'deliveries'
  | 'deliveryCounts'
  | 'reviveDeliveries'
  | 'dropDeliveries'
  | 'boundDeliveries'
>;

export const deliveryStore = ({ write, queries }: Connections): DeliveryPart => ({
  takeDeliveries: async query => (await write({ do: 'takeDeliveries', query })) as Delivery[],
  settleDelivery: async (id, outcome) => {
    await write({ do: 'settleDelivery', id, outcome });
  },
  deliveries: async query => queries.deliveries.list(query),
  deliveryCounts: async () => queries.deliveries.counts(),
  reviveDeliveries: async (webhook, now) => (await write({ do: 'reviveDeliveries', webhook, now })) as number,
  dropDeliveries: async webhook => {
    await write({ do: 'dropDeliveries', webhook });
  },
  boundDeliveries: async before => {
    await write({ do: 'boundDeliveries', before });
  },
});
