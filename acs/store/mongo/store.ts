// The store on MongoDB, for servers on several machines: single-document writes only, so that any server that speaks the wire protocol
// and has w: majority will do (docs/running.md has the list of what it must offer). Loaded only when it is asked for.
import type { DeviceOperation, DeviceOperations } from '../../device/operation-types.ts';
import type { Store } from '../store.ts';
import { createRecords } from './audit.ts';
import { openTables } from './collections.ts';
import { createContents } from './contents.ts';
import { createDeliveries } from './deliveries.ts';
import { createDevices } from './devices.ts';
import { createDocuments, type Documents } from './documents.ts';
import { createHistory } from './history.ts';
import { type Link, type MongoOptions, openLink } from './link.ts';
import { createTrees } from './parameter-trees.ts';
import { createSearch } from './search.ts';
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
    const deliveries = createDeliveries(link, collections);
    const documents = createDocuments(link, collections, deliveries);
    const trees = createTrees(link, collections);
    const devices = createDevices(link, collections, trees, { subscribers: documents.subscribers, deliveries });
    await link.retry(() => documents.refresh());
    await upgradeDevices(link, collections);
    await devices.sweep();
    await documents.tell();
    const stopRefreshing = keepFresh(link, documents);
    return {
      ...deviceStore(link, devices, trees, createSearch(link, collections, trees)),
      ...documentStore(link, documents),
      ...contentStore(link, createContents(link, collections)),
      ...recordStore(link, createRecords(link, collections), async () => {
        // What has ended counts as ended before it is counted.
        await devices.sweep();
        await documents.tell();
        await documents.sweep(link.clock.now() - BODY_GRACE_MS);
        await createContents(link, collections).sweep();
      }),
      ...deliveryStore(link, deliveries),
      ...historyStore(link, createHistory(link, collections)),
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
    const asking = documents
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
  | 'tasks'
  | 'task'
  | 'faults'
>;

function deviceStore(
  { run }: Link,
  devices: ReturnType<typeof createDevices>,
  trees: ReturnType<typeof createTrees>,
  search: ReturnType<typeof createSearch>,
): DevicePart {
  return {
    device: id => run(() => search.device(id)),
    deviceByUsername: username => run(() => search.deviceByUsername(username)),
    apply: <N extends DeviceOperation>(id: string, name: N, args: DeviceOperations[N]['args']) =>
      run(async () => {
        if (!('known' in args)) return await devices.apply(id, name, args);
        const { known, ...others } = args;
        if (known) await trees.put(id, known);
        return await devices.apply(id, name, others as DeviceOperations[N]['args']);
      }),
    devices: query => run(() => search.devices(query)),
    countDevices: (filter, now) => run(() => search.countDevices(filter, now)),
    groups: query => run(() => search.groups(query)),
    overdue: query => run(() => search.overdue(query)),
    parameters: (device, path) => run(() => trees.parameters(device, path)),
    knownValues: (ids, paths) => run(() => search.knownValues(ids, paths)),
    putParameters: (device, values, replaceBelow) => run(() => trees.put(device, values, replaceBelow)),
    tasks: query => run(() => search.tasks(query)),
    task: id => run(() => search.task(id)),
    faults: limit => run(() => search.faults(limit)),
  };
}

type DocumentPart = Pick<Store, 'refresh' | 'documents' | 'document' | 'putDocument' | 'deleteDocument' | 'generation'>;

const documentStore = ({ run }: Link, documents: Documents): DocumentPart => ({
  documents: kind => run(() => documents.documents(kind)),
  document: (kind, name) => run(() => documents.document(kind, name)),
  putDocument: (kind, name, body, expected, notices) => run(() => documents.put(kind, name, body, expected, notices)),
  deleteDocument: (kind, name) => run(() => documents.delete(kind, name)),
  generation: kind => documents.generation(kind),
  refresh: () => run(() => documents.refresh()),
});

type HistoryPart = Pick<Store, 'appendHistory' | 'series' | 'seriesPaths' | 'deviceEvents'>;

const historyStore = ({ run }: Link, history: ReturnType<typeof createHistory>): HistoryPart => ({
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

const deliveryStore = ({ run }: Link, deliveries: ReturnType<typeof createDeliveries>): DeliveryPart => ({
  takeDeliveries: query => run(() => deliveries.take(query)),
  settleDelivery: (id, outcome) => run(() => deliveries.settle(id, outcome)),
  deliveries: query => run(() => deliveries.list(query)),
  deliveryCounts: () => run(() => deliveries.counts()),
  reviveDeliveries: (webhook, now) => run(() => deliveries.revive(webhook, now)),
  dropDeliveries: webhook => run(() => deliveries.drop(webhook)),
  boundDeliveries: before => run(() => deliveries.bound(before)),
});

type ContentPart = Pick<Store, 'putContent' | 'content' | 'deleteContent' | 'contents'>;

const contentStore = ({ run }: Link, contents: ReturnType<typeof createContents>): ContentPart => ({
  putContent: (name, content) => run(() => contents.put(name, content)),
  content: (name, range) => run(() => contents.get(name, range)),
  deleteContent: name => run(() => contents.delete(name)),
  contents: () => run(() => contents.list()),
});

type RecordPart = Pick<Store, 'beat' | 'leave' | 'appendAudit' | 'audit' | 'prune'>;

const recordStore = (
  { run }: Link,
  records: ReturnType<typeof createRecords>,
  sweep: () => Promise<void>,
): RecordPart => ({
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
