// The database of the store on MongoDB: its collections, the documents in them, the indexes, and its version.
import type { Binary, Collection, CreateIndexesOptions, IndexDescription } from 'mongodb';
import { UserError } from '../../errors.ts';
import type { ChangeNote } from '../document-versions.ts';
import type { JobPosition } from '../job-positions.ts';
import type { Link } from './link.ts';
import { isDuplicate } from './link-errors.ts';
import type { Versioned } from './versioned.ts';

/** Grows when an older program could not read what a newer one writes. */
const STORE_VERSION = 2;

/** A device: its row as JSON, and the fields that it is found and sorted by. Unknown is '' or 0, as in the SQLite store. */
export interface DeviceDocument extends Versioned {
  /** Id of its parameter tree: a device that returns after its removal has another one. */
  tree: string;
  /** The device was removed, but ended tasks are still to be copied; of the fields below it has only `outbox` and `notices`. */
  gone?: true;
  /** Known values of its parameters, JSON, up to a bound: they count before those in chunks. */
  known?: string;
  /** The chunks of known values, in the order of paths; absent in a document that store version 1 wrote. Chunks never change. */
  chunks?: TreeChunkEntry[];
  /** Chunks that the last change of values replaced: the next one deletes them, so that a reader in between still finds them. */
  replaced?: string[];
  /** Tasks that ended with the write of this document, until they are in the collection of ended tasks. */
  outbox?: EndedTask[];
  /** Notices of the write of this document, until they are in the queue of deliveries. */
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
  provisioningCode?: string;
  /** The name of its own login, the one that was offered last. */
  login?: string;
  state?: string;
  created?: number;
  lastInform?: number;
  lastBoot?: number;
  onlineUntil?: number;
  lateUntil?: number;
  /** Absent for false. */
  unfinished?: true;
  restart?: true;
  /** Numbers of open tasks and of values that drift. */
  openTasks?: number;
  drift?: number;
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
  /** Its faults as far as they are filtered, sorted and grouped; absent for none. */
  faults?: FaultEntry[];
}

/** A fault in the document of its device; the texts as keys. */
export interface FaultEntry {
  id: string;
  cause: string;
  code: string;
  parameter: string;
  first: number;
  last: number;
  count: number;
}

/** The document of a device as far as its next write needs it. */
export type HeldDocument = Pick<
  DeviceDocument,
  '_id' | 'op' | 'past' | 'tree' | 'gone' | 'row' | 'known' | 'chunks' | 'replaced' | 'outbox' | 'notices'
>;

/** A chunk of known values. */
export interface TreeChunkEntry {
  id: string;
  /** Its first path. */
  from: string;
  /** Number of its parameters, which an older version has not noted. */
  count?: number;
  /** Digest of its paths; absent where one of its values has attributes. */
  paths?: string;
  /** Digest of its values and types; present where `paths` is. */
  texts?: string;
  /** All its values were read again, and were the same, at this time. */
  at?: number;
}

/** An entry of a map: a key may hold dots and dollars, a field name may not. */
export interface Pair {
  k: string;
  v: string;
}

/** A notice in the outbox of a document, with its receivers. */
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

/** One slot of a ring of numbers (series.ts). */
export interface SeriesDocument {
  _id: string;
  /** Id of the document of its series in `seriesPaths`. */
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
  /** Absent in one that an older version has left in an outbox. */
  state?: string;
  method?: string;
  /** The task, JSON. */
  body: string;
}

/** The chunks of a device whose document store version 1 wrote: they go into the document with its next write. */
export interface TreeDocument {
  _id: string;
  chunks: TreeChunkEntry[];
  replaced: string[];
}

interface BodyDocument {
  _id: string;
  /** JSON. */
  body: string;
  /** Time of the write, milliseconds. */
  at: number;
}

/** The documents of one kind: the body of each name. Bodies never change; this document says which ones count. */
export interface KindDocument extends Versioned {
  generation: number;
  names: KindEntry[];
  /** Notices of the write of this document, until they are in the queue of deliveries. */
  notices?: StoredNotice[];
  /** The version that the write of this document has made, until it is in the collection of versions. */
  version?: NewVersion;
}

/** A document of a kind. */
export interface KindEntry extends Partial<ChangeNote> {
  name: string;
  generation: number;
  changed: number;
  /** Id of its body. */
  body: string;
  /** It is among the versions of its name; absent in entries that an older version has written. */
  kept?: true;
}

/** A version, whose body is still that of the document; without one where the document was deleted. */
export type NewVersion = Omit<KindEntry, 'body' | 'kept'> & { body?: string };

/** A version of a document, with a body of its own. */
export interface VersionDocument extends Partial<ChangeNote> {
  /** Kind, name and generation. */
  _id: string;
  kind: string;
  name: string;
  generation: number;
  changed: number;
  /** Characters of the body. */
  size: number;
  /** JSON; absent where the document was deleted. */
  body?: string;
}

/** The name of a file, and its content. */
export interface FileDocument extends Versioned {
  content: string;
  size: number;
  sha256: string;
  /** Bytes in each of its chunks but the last; default: 256 KB. */
  chunk?: number;
  /** Time at which it was complete, milliseconds. */
  at?: number;
}

/** A content: being written, with a name, or replaced. */
interface ContentDocument {
  _id: string;
  /** Last sign of use, milliseconds: written, read or replaced. */
  at: number;
  /** It is being deleted. */
  dead?: true;
}

interface AuditDocument {
  _id: string;
  time: number;
  body: string;
  /** Absent in entries of an older version. */
  seq?: number;
}

/** The position of one device in one job. */
export interface JobPositionDocument extends Omit<JobPosition, 'body'> {
  _id: string;
  /** The call that wrote it last. */
  op: string;
  /** JSON. */
  body: string;
}

export interface Collections {
  devices: Collection<DeviceDocument>;
  ended: Collection<Omit<EndedTask, 'id'> & { _id: string }>;
  trees: Collection<TreeDocument>;
  treeChunks: Collection<{ _id: string; body: string }>;
  kinds: Collection<KindDocument>;
  bodies: Collection<BodyDocument>;
  versions: Collection<VersionDocument>;
  files: Collection<FileDocument>;
  contents: Collection<ContentDocument>;
  chunks: Collection<{ _id: string; body: Binary }>;
  members: Collection<{ _id: string; address: string; beat: number }>;
  audit: Collection<AuditDocument>;
  deliveries: Collection<DeliveryDocument>;
  series: Collection<SeriesDocument>;
  seriesPaths: Collection<{ _id: string; path: string }>;
  jobPositions: Collection<JobPositionDocument>;
  deviceEvents: Collection<{ _id: string; time: number; type: string; body: string }>;
  deviceSessions: Collection<{ _id: string; started: number; claim: number; body: string }>;
}

const sparse = { sparse: true } as const;
const index = (
  key: Record<string, 1>,
  more: Pick<CreateIndexesOptions, 'sparse' | 'unique'> = {},
): IndexDescription => ({
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
  versions: [index({ kind: 1, name: 1, generation: 1 })],
  files: [index({ content: 1 })],
  contents: [index({ at: 1 })],
  audit: [index({ time: 1 }), index({ seq: 1 }, { sparse: true, unique: true })],
  series: [index({ of: 1, level: 1 })],
  jobPositions: [
    index({ job: 1, device: 1 }),
    index({ job: 1, state: 1, zone: 1, wave: 1, device: 1 }),
    index({ job: 1, due: 1 }),
    index({ due: 1 }),
    index({ device: 1, state: 1 }),
    index({ job: 1, code: 1, state: 1, device: 1 }),
  ],
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
    versions: db.collection('documentVersions'),
    files: db.collection('files'),
    contents: db.collection('contents'),
    chunks: db.collection('contentChunks'),
    members: db.collection('members'),
    audit: db.collection('audit'),
    deliveries: db.collection('deliveries'),
    series: db.collection('series'),
    seriesPaths: db.collection('seriesPaths'),
    deviceEvents: db.collection('deviceEvents'),
    deviceSessions: db.collection('deviceSessions'),
    jobPositions: db.collection('jobPositions'),
  };
  await checkVersion(link, collections);
  for (const [name, wanted] of Object.entries(indexes))
    await link.retry(() => collections[name as keyof Collections].createIndexes(wanted));
  return collections;
}

async function checkVersion(link: Link, { devices }: Collections): Promise<void> {
  const { db } = link;
  const meta = db.collection<{ _id: string; version: number }>('meta');
  const stored = await link.retry(() => meta.findOne({ _id: 'store' }));
  if (!stored) {
    if (await link.retry(() => devices.findOne({}, { projection: { _id: 1 } })))
      throw new UserError(503, 'not-a-store', `${db.databaseName} is a database of another program`);
    // Another process may be doing the same.
    await link.retry(() => unlessThere(meta.insertOne({ _id: 'store', version: STORE_VERSION })));
    return;
  }
  if (stored.version < STORE_VERSION)
    await link.retry(() => meta.updateOne({ _id: 'store' }, { $max: { version: STORE_VERSION } }));
  if (stored.version > STORE_VERSION)
    throw new UserError(
      503,
      'store-too-new',
      `${db.databaseName} was written by a newer version of this program (store version ${stored.version}, this one knows up to ${STORE_VERSION})`,
    );
}

/** An insert of a document that never differs: if it is there already, that is as good. */
export async function unlessThere(insert: Promise<unknown>): Promise<void> {
  try {
    await insert;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}
