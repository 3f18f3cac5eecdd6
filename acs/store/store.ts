// What the ACS keeps, and the promises of every store that keeps it. One device is one aggregate: its row holds all that must
// change together, so a store needs single-document atomicity and no more.

import type { DeviceFault } from '../device/fault.ts';
import type { BlindSpot, DeviceOperation, DeviceOperations } from '../device/operation-types.ts';
import type { KnownValue } from '../device/parameter.ts';
import type { DeviceRow } from '../device/row.ts';
import type { Task } from '../device/task.ts';
import type { Field, Filter } from '../query/filter.ts';
import type { ByteRange, ContentSum } from './content-chunks.ts';
import type {
  AuditEntry,
  Delivery,
  DeliveryOutcome,
  DeviceEvent,
  DocumentKind,
  HistoryEntry,
  Notice,
  StoredDocument,
} from './records.ts';
import type { Bucket } from './series.ts';

/**
 * A process that serves the store. It says so with every beat; one whose beat stands still for longer than the lease is gone, and
 * what it had claimed is free. Each judges by its own clock how long ago a beat last grew, so clocks may differ.
 */
export interface Member {
  /** New with each start of the process. */
  id: string;
  /** Where the other processes reach it; '' for one that cannot be reached. */
  address: string;
  /** Grows with each beat. */
  beat: number;
}

export type KnownTexts = readonly (string | null)[];

export interface DeviceQuery {
  filter?: Filter;
  /** Field to sort by, `-` in front for descending; `id` breaks ties. */
  sort?: string;
  limit: number;
  cursor?: string;
  now: number;
  /** The rows come with these fields alone, and not by the thread that serves sessions: for who walks the whole fleet. */
  only?: readonly (keyof DeviceRow)[];
}

export interface GroupQuery {
  /** Of which devices. */
  among: Filter;
  filter: Filter;
  /** One group of all where absent; a device with several tags counts in each. */
  by?: Field;
  /** Whether it is also told how many devices each group has. */
  totals: boolean;
  /** So many groups, the largest count first. */
  limit: number;
  now: number;
}

/** Those that the filter fits. */
export interface Group {
  /** '' for devices without a value. */
  key: string;
  count: number;
  /** How many devices the group has; where that was not asked for, the same as `count`. */
  total: number;
  /** The first and the last of them by id. */
  samples: string[];
}

export interface Groups {
  groups: Group[];
  /** How many groups more there are. */
  omitted: number;
  count: number;
}

export interface OverdueQuery {
  now: number;
  limit: number;
  blindSpot?: BlindSpot;
}

export interface SeriesQuery {
  device: string;
  path: string;
  /** Of series.ts: how fine. */
  level: number;
}

export interface TakeDeliveries {
  webhook: string;
  now: number;
  /** Nobody else takes them for so long. */
  leaseMs: number;
  limit: number;
}

export interface DeliveryQuery {
  webhook: string;
  dead: boolean;
  limit: number;
}

export interface DeliveryCount {
  webhook: string;
  waiting: number;
  dead: number;
  /** When the first of those that wait is due. */
  next?: number;
}

export interface StoredContent extends ContentSum {
  name: string;
  /** When all of it had come, milliseconds. */
  changed: number;
}

/** How much is kept of what only grows. Times in milliseconds; counts are of the newest. */
export interface Retention {
  endedTasks: { before: number; keep: number };
  audit: { before: number; keep: number };
}

/** Promises: what resolved is durable; an operation is atomic; nothing that was acknowledged is lost by a kill or a power cut. */
export interface Store {
  device(id: string): Promise<DeviceRow | undefined>;
  /** The device whose current or next user name this is. */
  deviceByUsername(username: string): Promise<Pick<DeviceRow, 'id' | 'credentials'> | undefined>;
  /** @throws UserError 404 for an operation that needs a row and finds none */
  apply<N extends DeviceOperation>(
    id: string,
    name: N,
    args: DeviceOperations[N]['args'],
  ): Promise<DeviceOperations[N]['result']>;
  devices(query: DeviceQuery): Promise<{ items: DeviceRow[]; next?: string }>;
  countDevices(filter: Filter | undefined, now: number): Promise<number>;
  /** How many devices a filter fits, by the value of a field: read on the search thread, counted by the store. */
  groups(query: GroupQuery): Promise<Groups>;
  /** Ids of devices that became late or lost since that was last said of them, those first that are due longest: an indexed read. */
  overdue(query: OverdueQuery): Promise<string[]>;

  /** Known parameters at or below `path` (partial paths end with a dot; '' is all). */
  parameters(device: string, path: string): Promise<KnownValue[]>;
  /**
   * The known values of some paths in many devices, in the order of `paths`, null for what is not known. A device of which none is
   * known is absent; equal answers of one call are one object.
   */
  knownValues(devices: readonly string[], paths: readonly string[]): Promise<ReadonlyMap<string, KnownTexts>>;
  /** Merges values into the device's tree; `replaceBelow` forgets all known below that partial path first. */
  putParameters(device: string, values: KnownValue[], replaceBelow?: string): Promise<void>;

  /** Open and ended tasks, newest first. */
  tasks(query: { device?: string; limit: number }): Promise<Task[]>;
  task(id: string): Promise<Task | undefined>;

  faults(limit: number): Promise<DeviceFault[]>;

  documents<T>(kind: DocumentKind): Promise<StoredDocument<T>[]>;
  document<T>(kind: DocumentKind, name: string): Promise<StoredDocument<T> | undefined>;
  /**
   * @param expected the generation that is to be replaced, 0 for none
   * @param notices what it tells webhooks, kept in the same commit
   * @throws UserError 409 `changed-meanwhile` when another stands there
   */
  putDocument(
    kind: DocumentKind,
    name: string,
    body: unknown,
    expected?: number,
    notices?: readonly Notice[],
  ): Promise<number>;
  deleteDocument(kind: DocumentKind, name: string): Promise<boolean>;
  /** Largest generation of the kind: cheap, answered from memory; a change by another process is seen within seconds. */
  generation(kind: DocumentKind): number;
  /** Learns now what other processes have changed; absent where it is always known. */
  refresh?(): Promise<void>;

  /** What devices did and told: numbers go into rings, events beyond the newest 200 go. Devices that are not there are passed over. */
  appendHistory(entries: readonly HistoryEntry[]): Promise<void>;
  series(query: SeriesQuery): Promise<Bucket[]>;
  /** The parameters of which there are numbers. */
  seriesPaths(device: string): Promise<string[]>;
  /** The newest first. */
  deviceEvents(device: string, limit: number): Promise<DeviceEvent[]>;

  /** Notices that are due for a webhook, the oldest first; of several processes that ask each gets others. At least once each. */
  takeDeliveries(query: TakeDeliveries): Promise<Delivery[]>;
  settleDelivery(id: string, outcome: DeliveryOutcome): Promise<void>;
  /** The newest first. */
  deliveries(query: DeliveryQuery): Promise<Delivery[]>;
  deliveryCounts(): Promise<DeliveryCount[]>;
  /** Dead ones are tried again from the start. @returns how many */
  reviveDeliveries(webhook: string, now: number): Promise<number>;
  dropDeliveries(webhook: string): Promise<void>;
  /** Keeps the queue within its bounds (deliveries.ts); dead ones go that were made before that time. */
  boundDeliveries(before: number): Promise<void>;

  /** Says that this process serves the store. @returns all members, this one among them */
  beat(member: { id: string; address: string }): Promise<Member[]>;
  /** A member that ends, or is known to have ended. */
  leave(id: string): Promise<void>;

  appendAudit(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  audit(query: { limit: number; cursor?: string }): Promise<{ items: AuditEntry[]; next?: string }>;

  /**
   * Stores the content of a file as it comes, apart from its document; no more than a few chunks of it are in memory. What stood under
   * the name is read until all has come, and still if it never does: then nothing of the new one stays.
   * @throws whatever `content` throws
   */
  putContent(name: string, content: AsyncIterable<Uint8Array>): Promise<ContentSum>;
  /**
   * In chunks of at most 256 KB, each read when it is asked for; undefined when there is none. Who has begun to read comes to the end
   * also when it is replaced or deleted meanwhile, unless an hour passes between two chunks.
   */
  content(name: string, range?: ByteRange): Promise<AsyncIterable<Buffer> | undefined>;
  /** Its room is free again when nobody can be reading it any more. @returns whether there was one */
  deleteContent(name: string): Promise<boolean>;
  /** Those that stand under a name. */
  contents(): Promise<StoredContent[]>;

  /** Deletes what is older, or beyond the newest so many; and contents that no name stands for and nobody writes or reads. */
  prune(retention: Retention): Promise<void>;
  /** Waits for what is in flight, then closes. */
  close(): Promise<void>;
}
