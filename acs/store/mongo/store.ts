// The store on MongoDB, for servers on several machines: single-document writes only, so that any server that speaks the wire protocol
// and has w: majority will do (docs/running.md has the list of what it must offer). Loaded only when it is asked for.
import type { DeviceOperation, DeviceOperations } from '../../device/operation-types.ts';
import type { Store } from '../store.ts';
import { openTables } from './collections.ts';
import { Contents } from './contents.ts';
import { Deliveries } from './deliveries.ts';
import { DeviceOutbox } from './devices/device-outbox.ts';
import { DeviceScan } from './devices/device-scan.ts';
import { DeviceSearch } from './devices/device-search.ts';
import { DeviceWrites } from './devices/device-writes.ts';
import { DeviceGroups } from './devices/groups.ts';
import { ParameterTrees } from './devices/parameter-trees.ts';
import { WorkSearch } from './devices/work-search.ts';
import { Documents } from './documents.ts';
import { History } from './history.ts';
import { type Link, type MongoOptions, openLink } from './link.ts';
import { Records } from './records.ts';
import { upgradeDevices } from './upgrade.ts';

export type { MongoOptions } from './link.ts';

/** How often this process asks what others changed. */
const REFRESH_MS = 1000;
/** Bodies that count no more are kept as long as somebody could be about to make them count. */
const BODY_GRACE_MS = 3_600_000;

/** @throws UserError 503: the server cannot be reached, the database is of a newer version or of another program */
export async function openMongo(options: MongoOptions): Promise<Store> {
  const link = await openLink(options);
  try {
    const collections = await openTables(link);
    const deliveries = new Deliveries(link, collections);
    const documents = new Documents(link, collections, deliveries);
    const trees = new ParameterTrees(link, collections);
    const outbox = new DeviceOutbox(link, collections, trees, deliveries);
    const scan = new DeviceScan(link, collections.devices, trees);
    const contents = new Contents(link, collections);
    await link.retry(() => documents.kinds.refresh());
    await upgradeDevices(link, collections);
    await outbox.sweep();
    await documents.kinds.deliverLeft();
    const stopRefreshing = keepFresh(link, documents);
    return {
      ...deviceStore(link, {
        writes: new DeviceWrites(link, collections, outbox, documents),
        search: new DeviceSearch(link, collections.devices, trees, scan),
        groups: new DeviceGroups(link, collections.devices, scan),
        trees,
      }),
      ...workStore(link, new WorkSearch(link, collections)),
      ...documentStore(link, documents),
      ...contentStore(link, contents),
      ...recordStore(link, new Records(link, collections), async () => {
        // What has ended counts as ended before it is counted.
        await outbox.sweep();
        await documents.kinds.deliverLeft();
        await documents.sweep(link.clock.now() - BODY_GRACE_MS);
        await contents.sweep();
      }),
      ...deliveryStore(link, deliveries),
      ...historyStore(link, new History(link, collections)),
      close: async () => {
        stopRefreshing();
        await link.close();
      },
    };
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** Asks for the generations again and again, one question at a time. */
function keepFresh(link: Link, documents: Documents): () => void {
  const ask = (): void => {
    const asking = documents.kinds
      .refresh()
      // The server is away: what is known stays, and the next time will tell.
      .catch(() => undefined)
      .then(() => {
        if (link.isOpen()) timer = link.clock.after(REFRESH_MS, ask);
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
  | 'devices'
  | 'countDevices'
  | 'groups'
  | 'overdue'
  | 'parameters'
  | 'knownValues'
  | 'putParameters'
>;

interface DeviceParts {
  writes: DeviceWrites;
  search: DeviceSearch;
  groups: DeviceGroups;
  trees: ParameterTrees;
}

function deviceStore({ run }: Link, { writes, search, groups, trees }: DeviceParts): DevicePart {
  return {
    device: id => run(() => search.byId(id)),
    deviceByUsername: username => run(() => search.byUsername(username)),
    apply: <N extends DeviceOperation>(id: string, name: N, args: DeviceOperations[N]['args']) =>
      run(async () => {
        if (!('known' in args)) return await writes.apply(id, name, args);
        const { known, ...others } = args;
        if (known) await trees.put(id, known);
        return await writes.apply(id, name, others as DeviceOperations[N]['args']);
      }),
    devices: query => run(() => search.page(query)),
    countDevices: (filter, now) => run(() => search.count(filter, now)),
    groups: query => run(() => groups.read(query)),
    overdue: query => run(() => search.overdue(query)),
    parameters: (device, path) => run(() => trees.parameters(device, path)),
    knownValues: (ids, paths) => run(() => search.knownValues(ids, paths)),
    putParameters: (device, values, replaceBelow) => run(() => trees.put(device, values, replaceBelow)),
  };
}

const workStore = ({ run }: Link, work: WorkSearch): Pick<Store, 'tasks' | 'task' | 'faults'> => ({
  tasks: query => run(() => work.tasks(query)),
  task: id => run(() => work.task(id)),
  faults: limit => run(() => work.faults(limit)),
});

type DocumentPart = Pick<Store, 'refresh' | 'documents' | 'document' | 'putDocument' | 'deleteDocument' | 'generation'>;

const documentStore = ({ run }: Link, documents: Documents): DocumentPart => ({
  documents: kind => run(() => documents.list(kind)),
  document: (kind, name) => run(() => documents.get(kind, name)),
  putDocument: (kind, name, body, expected, notices) => run(() => documents.put(kind, name, body, expected, notices)),
  deleteDocument: (kind, name) => run(() => documents.delete(kind, name)),
  generation: kind => documents.kinds.generation(kind),
  refresh: () => run(() => documents.kinds.refresh()),
});

type HistoryPart = Pick<Store, 'appendHistory' | 'series' | 'seriesPaths' | 'deviceEvents'>;

const historyStore = ({ run }: Link, history: History): HistoryPart => ({
  appendHistory: entries => run(() => history.append(entries)),
  series: query => run(() => history.series(query)),
  seriesPaths: device => run(() => history.paths(device)),
  deviceEvents: (device, limit) => run(() => history.events(device, limit)),
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

const deliveryStore = ({ run }: Link, deliveries: Deliveries): DeliveryPart => ({
  takeDeliveries: query => run(() => deliveries.take(query)),
  settleDelivery: (id, outcome) => run(() => deliveries.settle(id, outcome)),
  deliveries: query => run(() => deliveries.list(query)),
  deliveryCounts: () => run(() => deliveries.counts()),
  reviveDeliveries: (webhook, now) => run(() => deliveries.revive(webhook, now)),
  dropDeliveries: webhook => run(() => deliveries.drop(webhook)),
  boundDeliveries: before => run(() => deliveries.bound(before)),
});

type ContentPart = Pick<Store, 'putContent' | 'content' | 'deleteContent' | 'contents'>;

const contentStore = ({ run }: Link, contents: Contents): ContentPart => ({
  putContent: (name, content) => run(() => contents.put(name, content)),
  content: (name, range) => run(() => contents.get(name, range)),
  deleteContent: name => run(() => contents.delete(name)),
  contents: () => run(() => contents.list()),
});

type RecordPart = Pick<Store, 'beat' | 'leave' | 'appendAudit' | 'audit' | 'prune'>;

const recordStore = ({ run }: Link, records: Records, sweep: () => Promise<void>): RecordPart => ({
  beat: member => run(() => records.beat(member)),
  leave: id => run(() => records.leave(id)),
  appendAudit: entry => run(() => records.appendAudit(entry)),
  audit: query => run(() => records.audit(query)),
  prune: retention =>
    run(async () => {
      await sweep();
      await records.prune(retention);
    }),
});
