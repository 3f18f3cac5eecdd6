// What lies in the MongoDB of the store: its collections, the documents in them, the indexes, and the version of all that.
import type { Binary, Collection, CreateIndexesOptions, IndexDescription } from 'mongodb';
import { UserError } from '../../../shared/errors.ts';
import { isDuplicate, type Link, type Versioned } from './link.ts';

/** Grows when an older program could not read what a newer one writes. */
const STORE_VERSION = 1;

/** A device: its row as JSON, and beside it what it is found and sorted by. Unknown is '' or 0, as in the SQLite store. */
export interface DeviceDocument extends Versioned {
  /** Of its parameter tree: a device that returns after its removal has another one. */
  tree: string;
  /** Removed, with ended tasks that are still to be copied; none of the fields below but `outbox`. */
  gone?: true;
  /** Tasks that ended with the write that made this document, until they are in the collection of ended tasks. */
  outbox?: EndedTask[];
  /** Likewise what is told to webhooks, until it is in the queue of deliveries. */
  notices?: StoredNotice[];
  row?: string;
  username?: string;
  nextUsername?: string;
  oui?: string;
  productClass?: string;
  serial?: string;
  manufacturer?: string;
  firmware?: string;
  firmwareKey?: string;
  hardware?: string;
  hardwareKey?: string;
  address?: string;
  state?: string;
  created?: number;
  lastInform?: number;
  lastBoot?: number;
  onlineUntil?: number;
  lateUntil?: number;
  due?: number;
  rollout?: string;
  rolloutState?: string;
  rolloutZone?: string;
  rolloutWave?: number;
  rolloutDue?: number;
  tags?: string[];
  site?: Pair[];
  values?: Pair[];
  /** Ids of the open tasks. */
  tasks?: string[];
  /** Order keys of the newest open task and of the latest fault. */
  newestTask?: string;
  latestFault?: string;
}

/** A map's entry: a key may hold dots and dollars, a field name may not. */
export interface Pair {
  k: string;
  v: string;
}

/** A notice in the outbox of a document, and whom it is for. */
export interface StoredNotice {
  id: string;
  time: number;
  webhooks: string[];
  /** The notice, JSON. */
  body: string;
}

export interface DeliveryDocument {
  _id: string;
  webhook: string;
  due: number;
  created: number;
  attempts: number;
  dead: boolean;
  error?: string;
  /** The notice, JSON. */
  body: string;
}

/** One place of a ring of numbers (series.ts). */
export interface SeriesDocument {
  _id: string;
  /** Id of the document of its path. */
  of: string;
  level: number;
  bucket: number;
  n: number;
  sum: number;
  min: number;
  max: number;
}

export interface EndedTask {
  id: string;
  device: string;
  created: number;
  ended: number;
  /** The task, JSON. */
  body: string;
}

/** A parameter tree: which chunks it is made of, in the order of paths. Chunks never change; this document says which ones count. */
export interface TreeDocument extends Versioned {
  chunks: { id: string; from: string }[];
  /** What the write before replaced: deleted with the next one, so that who reads meanwhile still finds it. */
  replaced: string[];
}

export interface BodyDocument {
  _id: string;
  /** JSON. */
  body: string;
  /** When it was written, milliseconds. */
  at: number;
}

/** The documents of one kind: which body each name stands for. Bodies never change; this document says which ones count. */
export interface KindDocument extends Versioned {
  generation: number;
  names: { name: string; generation: number; changed: number; body: string }[];
  /** What the write that made this document tells webhooks, until it is in the queue of deliveries. */
  notices?: StoredNotice[];
}

/** What a file's name stands for. */
export interface FileDocument extends Versioned {
  content: string;
  size: number;
  sha256: string;
  /** Bytes in each of its chunks but the last; 256 KB where none is told. */
  chunk?: number;
  /** When all of it had come, milliseconds. */
  at?: number;
}

/** A content that was begun, stands, or stood once. */
export interface ContentDocument {
  _id: string;
  /** When it was last written to or replaced, milliseconds. */
  at: number;
  /** It is being deleted. */
  dead?: true;
}

export interface AuditDocument {
  _id: string;
  time: number;
  body: string;
}

export interface Collections {
  devices: Collection<DeviceDocument>;
  ended: Collection<Omit<EndedTask, 'id'> & { _id: string }>;
  trees: Collection<TreeDocument>;
  treeChunks: Collection<{ _id: string; body: string }>;
  kinds: Collection<KindDocument>;
  bodies: Collection<BodyDocument>;
  files: Collection<FileDocument>;
  contents: Collection<ContentDocument>;
  chunks: Collection<{ _id: string; body: Binary }>;
  members: Collection<{ _id: string; address: string; beat: number }>;
  audit: Collection<AuditDocument>;
  deliveries: Collection<DeliveryDocument>;
  series: Collection<SeriesDocument>;
  seriesPaths: Collection<{ _id: string; path: string }>;
  deviceEvents: Collection<{ _id: string; time: number; type: string; body: string }>;
}

const sparse = { sparse: true } as const;
const index = (key: Record<string, 1>, more: Pick<CreateIndexesOptions, 'sparse'> = {}): IndexDescription => ({
  key,
  ...more,
});

const indexes: Partial<Record<keyof Collections, IndexDescription[]>> = {
  devices: [
    index({ username: 1 }, sparse),
    index({ nextUsername: 1 }, sparse),
    ...['oui', 'productClass', 'serial', 'firmwareKey', 'state', 'created', 'lastInform'].map(column =>
      index({ [column]: 1, _id: 1 }),
    ),
    index({ due: 1 }),
    index({ tags: 1 }),
    index({ rollout: 1, _id: 1 }),
    index({ rollout: 1, rolloutState: 1, rolloutZone: 1, rolloutWave: 1, _id: 1 }),
    index({ rolloutState: 1, rolloutDue: 1, _id: 1 }),
    index({ tasks: 1 }, sparse),
    index({ newestTask: 1 }, sparse),
    index({ latestFault: 1 }, sparse),
    index({ 'outbox.id': 1 }, sparse),
    index({ gone: 1 }, sparse),
    index({ 'notices.id': 1 }, sparse),
  ],
  ended: [index({ device: 1, created: 1, _id: 1 }), index({ created: 1, _id: 1 }), index({ ended: 1 })],
  bodies: [index({ at: 1 })],
  files: [index({ content: 1 })],
  contents: [index({ at: 1 })],
  audit: [index({ time: 1 })],
  series: [index({ of: 1, level: 1 })],
  deliveries: [index({ webhook: 1, dead: 1, due: 1, _id: 1 }), index({ webhook: 1, dead: 1, created: 1, _id: 1 })],
};

/** @throws UserError 503 for a database of a newer version, or of another program */
export async function openTables(link: Link): Promise<Collections> {
  const { db } = link;
  const collections: Collections = {
    devices: db.collection('devices'),
    ended: db.collection('endedTasks'),
    trees: db.collection('trees'),
    treeChunks: db.collection('treeChunks'),
    kinds: db.collection('kinds'),
    bodies: db.collection('bodies'),
    files: db.collection('files'),
    contents: db.collection('contents'),
    chunks: db.collection('contentChunks'),
    members: db.collection('members'),
    audit: db.collection('audit'),
    deliveries: db.collection('deliveries'),
    series: db.collection('series'),
    seriesPaths: db.collection('seriesPaths'),
    deviceEvents: db.collection('deviceEvents'),
  };
  await checkVersion(link, collections);
  for (const [name, wanted] of Object.entries(indexes))
    await link.retry(() => collections[name as keyof Collections].createIndexes(wanted));
  return collections;
}

async function checkVersion(link: Link, { devices }: Collections): Promise<void> {
  const { db } = link;
  const meta = db.collection<{ _id: string; version: number }>('meta');
  const standing = await link.retry(() => meta.findOne({ _id: 'store' }));
  if (!standing) {
    if (await link.retry(() => devices.findOne({}, { projection: { _id: 1 } })))
      throw new UserError(503, 'not-a-store', `${db.databaseName} is a database of another program`);
    // Another process may be doing the same.
    await link.retry(() => unlessThere(meta.insertOne({ _id: 'store', version: STORE_VERSION })));
    return;
  }
  if (standing.version > STORE_VERSION)
    throw new UserError(
      503,
      'store-too-new',
      `${db.databaseName} was written by a newer version of this program (store version ${standing.version}, this one knows up to ${STORE_VERSION})`,
    );
}

/** An insert of what never differs: that it stands already is as good. */
export async function unlessThere(insert: Promise<unknown>): Promise<void> {
  try {
    await insert;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}
