// The contract of every store. One device is one aggregate: its row holds all that must change together, so a store needs
// single-document atomicity and no more.

import type { DeviceFault } from '../device/fault.ts';
import type { ManyOperation, Moved } from '../device/many.ts';
import type { BlindSpot, DeviceOperation, DeviceOperations } from '../device/operation-types.ts';
import type { KnownValue } from '../device/parameter.ts';
import type { DeviceRow } from '../device/row.ts';
import type { Task } from '../device/task.ts';
import type { Field, Filter } from '../query/filter.ts';
import type { Comparison } from './comparison-tally.ts';
import type { ByteRange, ContentSum } from './content-chunks.ts';
import type { ChangeNote, DocumentVersion, VersionEntry, VersionedKind } from './document-versions.ts';
import type { JobPositionStore } from './job-positions.ts';
import type {
  AuditEntry,
  AuditHead,
  Delivery,
  DeliveryOutcome,
  DeviceEvent,
  DocumentKind,
  HistoryEntry,
  Notice,
  StoredDocument,
} from './records.ts';
import type { Bucket } from './series.ts';
import type { SessionRecord, SessionsQuery } from './session-record.ts';

/**
 * A process that serves the store. Each raises its beat; a member whose beat has not grown for longer than the lease is gone, and its
 * claims are free. Each member measures that by its own clock, so clocks may differ.
 */
export interface Member {
  /** New with each start of the process. */
  id: string;
  /** Address for the other processes; '' for a member that cannot be reached. */
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
  /** Skips so many devices, at most MAX_OFFSET (paging.ts). */
  offset?: number;
  /** Begins at the first device whose key is this text, or comes after it. */
  at?: string;
  now: number;
  /** The rows have only these fields, and are read apart from sessions: for walks over the whole fleet. */
  only?: readonly (keyof DeviceRow)[];
}

export interface GroupQuery {
  /** The devices that are counted at all. */
  among: Filter;
  filter: Filter;
  /** One group of all where absent; a device with several tags counts in each. */
  by?: Field;
  /** Also counts `total` of each group. */
  totals: boolean;
  /** Most groups, the largest count first. */
  limit: number;
  now: number;
}

/** The devices of one group that the filter fits. */
export interface Group {
  /** '' for devices without a value. */
  key: string;
  count: number;
  /** Number of all devices in the group; without `totals` the same as `count`. */
  total: number;
  /** The first and the last of them by id. */
  samples: string[];
}

export interface Groups {
  groups: Group[];
  /** Number of groups beyond the limit. */
  omitted: number;
  count: number;
}

export interface FaultQuery {
  /** Over each fault and its device. */
  filter?: Filter;
  /** One of `faultSorts`, `-` in front for descending; `id` breaks ties. Default: `-last`. */
  sort?: string;
  limit: number;
  cursor?: string;
  now: number;
}

/** A text of faults by which they are grouped, or a field of their device that has one value. */
export type FaultKey = 'cause' | 'code' | 'parameter' | Field;

export interface FaultGroupQuery {
  filter?: Filter;
  by: readonly FaultKey[];
  /** Most groups, the largest count first; 0 for their number alone. */
  limit: number;
  now: number;
}

export interface FaultGroup {
  /** The values of what is grouped by, '' for none. */
  key: string[];
  count: number;
  devices: number;
  /** Times in milliseconds: the earliest `first` and the latest `last` of its faults. */
  first: number;
  last: number;
  /** Id of its latest fault. */
  latest: string;
  /** Ids of devices with its latest faults. */
  examples: string[];
  /** The most frequent values of its devices. */
  spread: Record<'firmware' | 'product', { value: string; count: number }[]>;
}

export interface FaultGroups {
  /** Faults and devices with faults that the filter fits. */
  total: number;
  devices: number;
  groups: FaultGroup[];
  /** Beyond the limit. */
  omitted: { groups: number; faults: number };
}

export interface FacetQuery {
  filter?: Filter;
  by: readonly Field[];
  /** Most values of each field, those with the most devices first. */
  top: number;
  now: number;
}

/** The devices counted by each value of a field. A device with several tags or faults counts in each. */
export interface Facet {
  values: { value: string; count: number }[];
  /** The sum over all other values. */
  others: number;
  /** Devices without a value. */
  missing: number;
}

export interface Facets {
  total: number;
  /** In the order of the fields. */
  facets: Facet[];
}

/** Two sets of devices. One that fits both is in the first alone. */
export interface ComparisonQuery {
  these: Filter;
  against: Filter;
  now: number;
}

export interface OverdueQuery {
  now: number;
  limit: number;
  blindSpot?: BlindSpot;
}

export interface ParameterQuery {
  device: string;
  /** One parameter, or a partial path that ends with a dot; '' is all. */
  path: string;
  limit: number;
  cursor?: string;
}

/** Tasks that are asked for. */
export interface TaskChoice {
  device?: string;
  states?: readonly Task['state'][];
  method?: string;
  /** Bounds of the time at which they were made, milliseconds, both included. */
  from?: number;
  to?: number;
  /** Over their device as it is `now`; tasks of removed devices do not fit. */
  within?: { filter: Filter; now: number };
}

export interface TaskQuery extends TaskChoice {
  limit: number;
  cursor?: string;
  /** Default: the newest first. */
  isOldestFirst?: boolean;
  /** Without their results. */
  isLean?: boolean;
}

export interface SeriesQuery {
  device: string;
  path: string;
  /** Index into `levels` of series.ts. */
  level: number;
}

export interface TakeDeliveries {
  webhook: string;
  now: number;
  /** Time for which no other process takes them, milliseconds. */
  leaseMs: number;
  limit: number;
}

export interface AuditPageQuery {
  limit: number;
  cursor?: string;
  isOldestFirst?: boolean;
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
  /** Time at which the first waiting one is due, milliseconds. */
  next?: number;
}

export interface StoredContent extends ContentSum {
  name: string;
  /** Time at which it was complete, milliseconds. */
  changed: number;
}

export interface ContentPage {
  after: string;
  limit: number;
}

/** Bounds of the records that only grow. Those older than `before` (milliseconds) go, and those beyond the newest `keep`. */
export interface Retention {
  endedTasks: { before: number; keep: number };
  audit: { before: number; keep: number };
}

/** Promises: a change is durable once it resolves, also after a kill or a power cut, and each operation is atomic. */
export interface Store extends JobPositionStore {
  device(id: string): Promise<DeviceRow | undefined>;
  /** The device with this current or next user name. */
  deviceByUsername(username: string): Promise<Pick<DeviceRow, 'id' | 'credentials'> | undefined>;
  /** @throws UserError 404 for an operation that needs a row and finds none */
  apply<N extends DeviceOperation>(
    id: string,
    name: N,
    args: DeviceOperations[N]['args'],
  ): Promise<DeviceOperations[N]['result']>;
  /** The same as `apply` for each of many devices, in one commit where a store can. @returns in their order */
  applyToMany(many: ManyOperation): Promise<Moved[]>;
  devices(query: DeviceQuery): Promise<{ items: DeviceRow[]; next?: string }>;
  countDevices(filter: Filter | undefined, now: number): Promise<number>;
  /** Counts devices by the value of a field. */
  groups(query: GroupQuery): Promise<Groups>;
  /** Counts the devices that fit, and them by the values of fields. */
  facets(query: FacetQuery): Promise<Facets>;
  /** Counts what the devices of each set have, exactly, and judges what is more frequent in the first (significance.ts). */
  compareDevices(query: ComparisonQuery): Promise<Comparison>;
  /** Ids of devices whose liveness has changed since their last verdict, those first that are due longest: an indexed read. */
  overdue(query: OverdueQuery): Promise<string[]>;

  /** Known parameters at or below `path` (partial paths end with a dot; '' is all). */
  parameters(device: string, path: string): Promise<KnownValue[]>;
  /** The same in pages, by path. */
  parameterPage(query: ParameterQuery): Promise<{ items: KnownValue[]; next?: string }>;
  /**
   * The known values of some paths in many devices, in the order of `paths`, null for unknown ones. A device without any is absent; equal
   * answers of one call are one object.
   */
  knownValues(devices: readonly string[], paths: readonly string[]): Promise<ReadonlyMap<string, KnownTexts>>;
  /**
   * Merges values into the device's tree; `replaceBelow` first deletes all values below that partial path.
   * @throws UserError 413 `parameter-limit` where the tree would grow beyond `most` values; then nothing has changed
   */
  putParameters(device: string, values: KnownValue[], replaceBelow?: string, most?: number): Promise<void>;

  /** Open and ended tasks, newest first. A page ends early where its tasks are large (task-page.ts). */
  tasks(query: TaskQuery): Promise<{ items: Task[]; next?: string }>;
  countTasks(choice: TaskChoice): Promise<number>;
  task(id: string): Promise<Task | undefined>;

  /** Faults of all devices that fit. A filter may have to look at each. */
  faults(query: FaultQuery): Promise<{ items: DeviceFault[]; next?: string }>;
  countFaults(filter: Filter | undefined, now: number): Promise<number>;
  /** Counts faults that are alike. */
  faultGroups(query: FaultGroupQuery): Promise<FaultGroups>;
  fault(id: string): Promise<DeviceFault | undefined>;

  documents<T>(kind: DocumentKind): Promise<StoredDocument<T>[]>;
  document<T>(kind: DocumentKind, name: string): Promise<StoredDocument<T> | undefined>;
  /**
   * @param expected the stored generation, 0 for none
   * @param notices for webhooks, kept in the same commit
   * @param note of the change; kinds with versions (document-versions.ts) keep one in the same commit
   * @returns the new generation
   * @throws UserError 409 `changed-meanwhile` when `expected` is another one
   */
  putDocument(
    kind: DocumentKind,
    name: string,
    body: unknown,
    expected?: number,
    notices?: readonly Notice[],
    note?: ChangeNote,
  ): Promise<number>;
  /** @returns whether there was one @throws UserError 409 `changed-meanwhile` when `expected` is not its generation */
  deleteDocument(kind: DocumentKind, name: string, expected?: number, note?: ChangeNote): Promise<boolean>;
  /** The versions that are kept of a name, the newest first; its deletion is one. */
  versions(kind: VersionedKind, name: string): Promise<VersionEntry[]>;
  version<T>(kind: VersionedKind, name: string, generation: number): Promise<DocumentVersion<T> | undefined>;
  /** The names of which there are only versions, each as its deletion, the newest first. */
  deletedDocuments(kind: VersionedKind): Promise<VersionEntry[]>;
  /** The largest generation of the kind: cheap, from memory; a change by another process is seen within seconds. */
  generation(kind: DocumentKind): number;
  /** Reads at once the changes of other processes; absent where they are always known. */
  refresh?(): Promise<void>;

  /** Appends to the history of devices; of events the newest 200 are kept, of sessions the newest 50. Devices that are not there are skipped. */
  appendHistory(entries: readonly HistoryEntry[]): Promise<void>;
  series(query: SeriesQuery): Promise<Bucket[]>;
  /** The parameters that have a series. */
  seriesPaths(device: string): Promise<string[]>;
  /** The newest first. */
  deviceEvents(device: string, limit: number): Promise<DeviceEvent[]>;
  /** Records of ended sessions, the newest first. */
  deviceSessions(query: SessionsQuery): Promise<SessionRecord[]>;

  /** Notices that are due for a webhook, the oldest first. Each goes to one of several processes at a time; each is taken at least once. */
  takeDeliveries(query: TakeDeliveries): Promise<Delivery[]>;
  settleDelivery(id: string, outcome: DeliveryOutcome): Promise<void>;
  /** The newest first. */
  deliveries(query: DeliveryQuery): Promise<Delivery[]>;
  deliveryCounts(): Promise<DeliveryCount[]>;
  /** Makes dead ones due again, without attempts, and those that wait for their next attempt, but none that is taken. @returns how many */
  reviveDeliveries(webhook: string, now: number): Promise<number>;
  dropDeliveries(webhook: string): Promise<void>;
  /** Bounds the queue (delivery-limits.ts); dead ones go that were created before that time. */
  boundDeliveries(before: number): Promise<void>;

  /** Raises the beat of this process. @returns all members, this one among them */
  beat(member: { id: string; address: string }): Promise<Member[]>;
  /** Removes a member that ends, or is known to have ended. */
  leave(id: string): Promise<void>;

  /**
   * Appends entries in their order; those with a `seq` follow each other.
   * @param notices for webhooks, in the same commit where a store can
   * @throws UserError 409 for which `isConflict` holds when the first `seq` is not above the last one that is stored
   */
  appendAudit(entries: readonly AuditEntry[], notices?: readonly Notice[]): Promise<void>;
  /** The place of the last chained entry; undefined where there is none. */
  auditHead(): Promise<AuditHead | undefined>;
  /** The newest first, unless asked otherwise. */
  audit(query: AuditPageQuery): Promise<{ items: AuditEntry[]; next?: string }>;

  /**
   * Stores the content of a file as it comes, apart from its document; only a few chunks of it are in memory. The content that has the name
   * is read until the new one is complete; if it never is, nothing of the new one stays.
   * @throws whatever `content` throws
   */
  putContent(name: string, content: AsyncIterable<Uint8Array>): Promise<ContentSum>;
  /**
   * The content in chunks of at most 256 KB, each read on demand; undefined when there is none. A reader comes to the end also when it is
   * replaced or deleted meanwhile, unless an hour passes between two chunks.
   */
  content(name: string, range?: ByteRange): Promise<AsyncIterable<Buffer> | undefined>;
  /** Deletes a content; its space is freed once no reader can be left. @returns whether there was one */
  deleteContent(name: string): Promise<boolean>;
  /** The contents that have a name, by name: all, or a page of those above `after`. */
  contents(page?: ContentPage): Promise<StoredContent[]>;

  /** Deletes records beyond the bounds, and contents without a name that are neither written nor read. */
  prune(retention: Retention): Promise<void>;
  /** Waits for requests in flight, then closes. */
  close(): Promise<void>;
}
