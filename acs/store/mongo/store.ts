// The store on MongoDB, for servers on several machines: single-document writes only, so that any server with the wire protocol and
// w: majority will do (docs/running.md lists the requirements). It is loaded only when it is configured.
import type { DeviceOperation, DeviceOperations } from '../../device/operation-types.ts';
import type { VersionedKind } from '../document-versions.ts';
import type { Notice } from '../records.ts';
import type { Store } from '../store.ts';
import { openTables } from './collections.ts';
import { compareDevices } from './comparison.ts';
import { Contents } from './contents.ts';
import { Deliveries, storedNotices } from './deliveries.ts';
import { DeviceOutbox } from './devices/device-outbox.ts';
import { DeviceScan } from './devices/device-scan.ts';
import { DeviceSearch } from './devices/device-search.ts';
import { DeviceUpdates } from './devices/device-updates.ts';
import { DeviceWrites } from './devices/device-writes.ts';
import { putOf } from './devices/known-tree.ts';
import { ManyWrites } from './devices/many-writes.ts';
import { ParameterTrees } from './devices/parameter-trees.ts';
import { WrittenDocuments } from './devices/written-documents.ts';
import { Documents } from './documents/documents.ts';
import { History } from './history/history.ts';
import { jobStore } from './job-positions.ts';
import { type Link, type MongoOptions, openLink } from './link.ts';
import { Records } from './records.ts';
import { DeviceCounts } from './search/device-counts.ts';
import { DeviceGroups } from './search/groups.ts';
import { upgradeDevices, upgradeEndedTasks } from './upgrade.ts';
import { FaultSearch } from './work/fault-search.ts';
import { TaskSearch } from './work/task-search.ts';
import { WorkSearch } from './work/work-search.ts';

export type { MongoOptions } from './link.ts';

/** Time between two reads of the generations that other processes made. */
const REFRESH_MS = 1000;
/** The same while the server is away. */
const CUT_OFF_MS = 250;
/** Time for which a body that does not count is kept: a process may be about to make it count. */
const BODY_GRACE_MS = 3_600_000;

/** @throws UserError 503: the server cannot be reached, the database is of a newer version or of another program */
export async function openMongo(options: MongoOptions): Promise<Store> {
  return await storeOn(await openLink(options));
}

/** The store on a link that is open; it closes the link, also where it cannot be opened. */
export async function storeOn(link: Link): Promise<Store> {
  try {
    const collections = await openTables(link);
    const deliveries = new Deliveries(link, collections);
    const documents = new Documents(link, collections, deliveries);
    const trees = new ParameterTrees(link, collections);
    const written = new WrittenDocuments();
    const outbox = new DeviceOutbox(link, collections, { trees, deliveries, written });
    const parts = { outbox, trees, written, webhooks: documents };
    const writes = new DeviceWrites(link, new DeviceUpdates(link, collections, parts));
    const scan = new DeviceScan(link, collections.devices, trees);
    const contents = new Contents(link, collections);
    await link.retry(() => documents.kinds.refresh());
    await upgradeDevices(link, collections);
    await upgradeEndedTasks(link, collections);
    await outbox.sweep();
    await documents.kinds.deliverLeft();
    const stopRefreshing = keepFresh(link, documents);
    return {
      ...deviceStore(link, {
        writes,
        manyWrites: new ManyWrites(link, collections, writes, parts),
        search: new DeviceSearch(link, collections.devices, trees, scan),
        groups: new DeviceGroups(new DeviceCounts(link, collections.devices, scan)),
        trees,
      }),
      ...workStore(link, new WorkSearch(link, collections), new TaskSearch(link, collections, scan)),
      ...faultStore(link, new FaultSearch(link, collections.devices, scan)),
      ...documentStore(link, documents),
      ...contentStore(link, contents),
      ...recordStore(
        link,
        { records: new Records(link, collections), notify: noticesOf(link, documents, deliveries) },
        async () => {
          // Tasks in outboxes must be in their collection before ended tasks are counted.
          await outbox.sweep();
          await documents.kinds.deliverLeft();
          await documents.sweep(link.clock.now() - BODY_GRACE_MS);
          await contents.sweep();
        },
      ),
      ...deliveryStore(link, deliveries),
      ...historyStore(link, new History(link, collections)),
      ...jobStore(link, collections),
      close: async () => {
        stopRefreshing();
        await link.close(async () => {
          await outbox.end();
          await trees.unused.delete();
        });
      },
    };
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** Reads the generations again and again, one request at a time. */
function keepFresh(link: Link, documents: Documents): () => void {
  const ask = (): void => {
    const asking = link.reach
      .attempt(() => documents.kinds.refresh())
      // The server is away: the known generations stay until the next read.
      .catch(() => undefined)
      .then(() => {
        if (link.isOpen()) timer = link.clock.after(link.reach.isCutOff() ? CUT_OFF_MS : REFRESH_MS, ask);
      });
    link.keep(asking);
  };
  let timer = link.clock.after(REFRESH_MS, ask);
  return () => timer.cancel();
}

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

interface DeviceParts {
  writes: DeviceWrites;
  manyWrites: ManyWrites;
  search: DeviceSearch;
  groups: DeviceGroups;
  trees: ParameterTrees;
}

function deviceStore(link: Link, { writes, manyWrites, search, groups, trees }: DeviceParts): DevicePart {
  return {
    device: id => link.run(() => search.byId(id)),
    deviceByUsername: username => link.run(() => search.byUsername(username)),
    apply: <N extends DeviceOperation>(id: string, name: N, args: DeviceOperations[N]['args']) =>
      link.run(async () => {
        const put = 'known' in args && args.known ? putOf(id, args.known, undefined, args.most) : undefined;
        return await writes.apply(id, name, args, put);
      }),
    applyToMany: many => link.run(() => manyWrites.apply(many)),
    devices: query => link.run(() => search.page(query)),
    countDevices: (filter, now) => link.run(() => search.count(filter, now)),
    groups: query => link.run(() => groups.read(query)),
    facets: query => link.run(() => groups.facets(query)),
    compareDevices: query => link.run(() => compareDevices(search, query)),
    overdue: query => link.run(() => search.overdue(query)),
    parameters: (device, path) => link.run(() => trees.parameters(device, path)),
    parameterPage: query => link.run(() => trees.page(query)),
    knownValues: (ids, paths) => link.run(() => search.knownValues(ids, paths)),
    putParameters: (device, values, replaceBelow, most) =>
      link.run(async () => {
        const below = replaceBelow === undefined ? {} : { replaceBelow };
        const put = putOf(device, values, replaceBelow, most);
        await writes.apply(device, 'valuesKnown', { values, ...below }, put);
      }),
  };
}

const workStore = (link: Link, work: WorkSearch, search: TaskSearch): Pick<Store, 'tasks' | 'countTasks' | 'task'> => ({
  tasks: query => link.run(() => search.tasks(query)),
  countTasks: choice => link.run(() => search.count(choice)),
  task: id => link.run(() => work.task(id)),
});

const faultStore = (
  link: Link,
  search: FaultSearch,
): Pick<Store, 'faults' | 'countFaults' | 'faultGroups' | 'fault'> => ({
  faults: query => link.run(() => search.page(query)),
  countFaults: (filter, now) => link.run(() => search.count(filter, now)),
  faultGroups: query => link.run(() => search.groups(query)),
  fault: id => link.run(() => search.byId(id)),
});

type DocumentPart = Pick<
  Store,
  | 'refresh'
  | 'documents'
  | 'document'
  | 'putDocument'
  | 'deleteDocument'
  | 'versions'
  | 'version'
  | 'deletedDocuments'
  | 'generation'
>;

const documentStore = (link: Link, documents: Documents): DocumentPart => ({
  documents: kind => link.run(() => documents.list(kind)),
  document: (kind, name) => link.run(() => documents.get(kind, name)),
  putDocument: (kind, name, body, ...rest) => link.run(() => documents.put(kind, name, body, ...rest)),
  deleteDocument: (kind, name, expected, note) => link.run(() => documents.delete(kind, name, expected, note)),
  versions: (kind, name) => link.run(() => documents.versions.list(kind, name)),
  version: <T>(kind: VersionedKind, name: string, generation: number) =>
    link.run(() => documents.versions.get<T>(kind, name, generation)),
  deletedDocuments: kind => link.run(() => documents.versions.deleted(kind)),
  generation: kind => documents.kinds.generation(kind),
  refresh: () => link.run(() => documents.kinds.refresh()),
});

type HistoryPart = Pick<Store, 'appendHistory' | 'series' | 'seriesPaths' | 'deviceEvents' | 'deviceSessions'>;

const historyStore = (link: Link, history: History): HistoryPart => ({
  appendHistory: entries => link.run(() => history.append(entries)),
  series: query => link.run(() => history.series(query)),
  seriesPaths: device => link.run(() => history.paths(device)),
  deviceEvents: (device, limit) => link.run(() => history.events(device, limit)),
  deviceSessions: query => link.run(() => history.sessions(query)),
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

const deliveryStore = (link: Link, deliveries: Deliveries): DeliveryPart => ({
  takeDeliveries: query => link.run(() => deliveries.take(query)),
  settleDelivery: (id, outcome) => link.run(() => deliveries.settle(id, outcome)),
  deliveries: query => link.run(() => deliveries.list(query)),
  deliveryCounts: () => link.run(() => deliveries.counts()),
  reviveDeliveries: (webhook, now) => link.run(() => deliveries.revive(webhook, now)),
  dropDeliveries: webhook => link.run(() => deliveries.drop(webhook)),
  boundDeliveries: before => link.run(() => deliveries.bound(before)),
});

type ContentPart = Pick<Store, 'putContent' | 'content' | 'deleteContent' | 'contents'>;

const contentStore = (link: Link, contents: Contents): ContentPart => ({
  putContent: (name, content) => link.run(() => contents.put(name, content)),
  content: (name, range) => link.run(() => contents.get(name, range)),
  deleteContent: name => link.run(() => contents.delete(name)),
  contents: page => link.run(() => contents.list(page)),
});

type RecordPart = Pick<Store, 'beat' | 'leave' | 'appendAudit' | 'auditHead' | 'audit' | 'prune'>;

type Notify = (notices: readonly Notice[]) => Promise<void>;

/** Keeps notices that belong to no document and to no device. */
const noticesOf =
  (link: Link, documents: Documents, deliveries: Deliveries): Notify =>
  async notices => {
    const subscribers = await documents.subscribers();
    await deliveries.add(storedNotices(subscribers.address(notices, undefined, link.clock.now())));
  };

const recordStore = (
  link: Link,
  { records, notify }: { records: Records; notify: Notify },
  sweep: () => Promise<void>,
): RecordPart => ({
  beat: member => link.run(() => records.beat(member)),
  leave: id => link.run(() => records.leave(id)),
  appendAudit: (entries, notices = []) =>
    link.run(async () => {
      await records.appendAudit(entries);
      if (notices.length > 0) await notify(notices);
    }),
  auditHead: () => link.run(() => records.auditHead()),
  audit: query => link.run(() => records.audit(query)),
  prune: retention =>
    link.run(async () => {
      await sweep();
      await records.prune(retention);
    }),
});
