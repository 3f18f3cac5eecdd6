// What the ACS keeps, and the promises of every store that keeps it. One device is one aggregate: its row holds all that must
// change together, so a store needs single-document atomicity and no more.
import type { MethodName } from '../../shared/cwmp/methods.ts';
import type { ByteRange, ContentSum } from './chunks.ts';
import type { Field, Filter } from './filter.ts';
import type { noticeTypes } from './notices.ts';
import type { Bucket } from './series.ts';

export interface DeviceIdentity {
  manufacturer: string;
  oui: string;
  productClass: string;
  serialNumber: string;
}

/**
 * `known`: announced by the operator, never seen. `quarantine`: seen, not yet approved. `enrolled`: managed. `held`: it was, and there is
 * doubt whether it is still the same unit.
 */
export type DeviceState = 'known' | 'quarantine' | 'enrolled' | 'held';

/** Why a device is held, and what to do about it. */
export interface Hold {
  reason: 'certificate-changed' | 'cloned';
  since: number;
  detail: string;
  /** The client certificate that it showed, if that is another one: its own from an approve on. */
  certificate?: string;
}

/** Text sealed with the server's key (fleet/secrets.ts); never shown. */
export type Sealed = string;

/**
 * How a device proves itself to the ACS. While `next` stands, both pairs are good; the first use of `next` makes it the only one.
 * Name and password are empty where a new device was only offered some.
 */
export interface Credentials {
  username: string;
  password: Sealed;
  next?: { username: string; password: Sealed };
}

export interface ConnectionRequestAccess {
  /** As the device last reported it. */
  url: string;
  username: string;
  password: Sealed;
}

export interface WantedValue {
  value: string;
  /** `xsd:…`; the model's type when absent. */
  type?: string;
}

/** `waiting`: the CPE answered that it goes on later (Download with Status 1), or evidence is awaited (Reboot). */
export type TaskState = 'queued' | 'sent' | 'waiting' | 'done' | 'failed' | 'cancelled';

export interface TaskFault {
  code: number | string;
  message: string;
  parameters?: { name: string; code: number; message: string }[];
}

export interface Task {
  id: string;
  device: string;
  method: MethodName;
  args: Record<string, unknown>;
  state: TaskState;
  /** Who asked: an operator's own task, or the reconcile step named here. */
  origin: 'operator' | 'reconcile';
  /** For Download and Upload: the stored file that the ACS serves, by name, and the SHA-256 (hex) of what it held then. */
  file?: string;
  fileHash?: string;
  /** A Download of a text that was made for this task alone: sealed, as it may hold secrets. */
  content?: Sealed;
  result?: Record<string, unknown>;
  fault?: TaskFault;
  /** All times are milliseconds since the epoch. */
  created: number;
  notBefore?: number;
  expires?: number;
  started?: number;
  ended?: number;
  /** The rollout whose flashing it is: it leaves only while the device's position there is `offered`. */
  rollout?: string;
  /** Fencing token of the session that sent it. */
  sentBy?: number;
  /** Later sessions that ended without evidence of its outcome. */
  silentSessions?: number;
}

/** Something that keeps a device from what is wanted: one per device and cause, retried with backoff. */
export interface DeviceFault {
  id: string;
  device: string;
  /** What could not be done: `preset:NAME`, `override:PATH`, `task:ID`, `reconcile`, `restart`, `move`, `drift:PRESET`, `fight:PATH`. */
  cause: string;
  code: number | string;
  message: string;
  /** The parameter at fault, where there is one. */
  parameter?: string;
  first: number;
  last: number;
  count: number;
  /** Not tried again before, unless what it rests on changes. */
  retryAt: number;
  /** Tag of what the fault rests on (wanted.ts); absent: time alone ends it. */
  basis?: string;
  /** The stored file that was taken without its effect: forgotten as taken when the fault is cleared, so that it is sent again. */
  file?: string;
}

/** A managed value, or table, that was found otherwise than wanted. Secrets are not in it. */
export interface Drift {
  path: string;
  preset: string;
  wanted: string;
  found: string;
  /** `corrected`: set right. `reported`: left as it is, as its preset asks. `fight`: left, because it was set right in vain too often. */
  state: 'corrected' | 'reported' | 'fight';
  /** Times in milliseconds; how often it was found so. */
  since: number;
  last: number;
  count: number;
  /** When it was set right, the newest last: as many as tell a fight. */
  corrections: number[];
  /** Tag of what is wanted: another one, and it is no longer left. */
  basis: string;
}

/** The device is sent to another ACS, by its wanted state. */
export interface Move {
  url: string;
  /** The URL that it had. */
  from: string;
  /** Times in milliseconds: begun; when it comes back by itself. */
  since: number;
  until: number;
  /** `waiting`: not begun, a fault says why. `confirmed`: it has arrived. `returned`: it was heard here again. */
  state: 'waiting' | 'moving' | 'confirmed' | 'returned';
  /** The Download that leads it back. */
  task?: string;
  /** When it was heard here again. */
  heard?: number;
  /** Tag of what is wanted. */
  basis: string;
}

/** Settings that the device took wait for a restart. */
export interface RestartDue {
  /** Empty: the whole unit. */
  services: string[];
  wish: 'now' | 'idle' | 'never';
  /** The preset that has the say. */
  preset?: string;
  /** Times in milliseconds. */
  since: number;
  /** Why it was not restarted when it was last looked at. */
  waits?: string;
  /** When a Reboot was asked for. */
  asked?: number;
}

/** That the wanted state of a device was found or made true. */
export interface Reconciled {
  revision: string;
  /** Preset generation and facts that it was computed from. */
  generation: number;
  facts: string;
  /** Something is wanted of the device. */
  managed?: boolean;
  /** When it is to be looked after again whether it still holds, milliseconds; absent: never. */
  auditAt?: number;
  /** Something may have touched it: in this session (`fresh`), or in one that ended before it was looked after (`standing`). */
  suspect?: 'fresh' | 'standing';
}

export const rolloutStates = [
  'planned',
  'offered',
  'downloading',
  'installed',
  'soaking',
  'done',
  'failed',
  'skipped',
  'reverted',
] as const;

/**
 * `planned`: waits for its wave. `offered`: the image is wanted, the Download has not left. `downloading`: it has. `installed`: an Inform
 * told the new version. `soaking`: and a session with it ended well. `reverted`: back on what it ran before. From `failed` on only an
 * operator leads on, or evidence that comes late.
 */
export type RolloutState = (typeof rolloutStates)[number];

/** Where a device stands in a rollout; changed by the operations below alone (rules: store/position.ts). Times in milliseconds. */
export interface RolloutPosition {
  id: string;
  /** From 1; 0 for one that was skipped before it had any. */
  wave: number;
  state: RolloutState;
  /** The image: stored file, SHA-256 of it, and what the device reports once it runs it. */
  file: string;
  fileHash: string;
  version: string;
  /** Only devices of it; '' for any. */
  productClass: string;
  /** Time zone of the device's window, where that is not the rollout's. */
  zone: string;
  soakMs: number;
  /** How long nothing may be heard. */
  timeoutMs: number;
  /** What it ran before. */
  previous?: string;
  /** When the state was entered, this one and the earlier ones of this attempt. */
  since: number;
  times: Partial<Record<RolloutState, number>>;
  /** When it is to be looked at again, whatever is heard. */
  due?: number;
  /** An offer counts until then: the window closes. */
  until?: number;
  /** Its Download, and when the device said that it took the image. */
  task?: string;
  took?: number;
  /** It has restarted since the Download left. */
  booted?: true;
  /** Offers so far. */
  attempts: number;
  reason?: string;
  /** Of a failure: `transfer` is disproved by the new version when it is told after all, `health` by nothing. */
  cause?: 'transfer' | 'health';
  /** The image is what it ran before the rollout. */
  back?: true;
  /** A preset names the same version: what presets say counts again. */
  released?: true;
  /** The position in an earlier rollout, which counts until this one has moved the device. */
  before?: RolloutPosition;
}

/** A session's hold on its device. It lasts as long as its owner does: the lease is the process's (see Member), none a session's. */
export interface Claim {
  /** Fencing token: grows with each claim of the device; a stale one changes nothing. */
  token: number;
  /** The member whose session it is. */
  owner: string;
}

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

/** The hot row of a device: what each Inform touches, about 1 KB. The parameter tree lies apart. */
export interface DeviceRow extends DeviceIdentity {
  /** `OUI-ProductClass-Serial`, percent-encoded inside as TR-069 3.4.4 has it. */
  id: string;
  state: DeviceState;
  created: number;
  credentials?: Credentials;
  connectionRequest: ConnectionRequestAccess;
  /** A credential-less TLS session is admitted before this time (approve of a device that was only heard knocking). */
  openUntil?: number;
  tags: string[];
  site: Record<string, string>;
  overrides: Record<string, WantedValue>;

  lastInform?: number;
  lastBoot?: number;
  lastBootstrap?: number;
  lastEvents: string[];
  address: string;
  softwareVersion: string;
  hardwareVersion: string;
  provisioningCode: string;
  parameterKey: string;
  /** Root data model as reported: `Device.` or `InternetGatewayDevice.`. */
  root: string;
  /** Seconds between periodic Informs, when known: what liveness is judged by. */
  informInterval?: number;
  /** SHA-256 of the client certificate that it shows, hexadecimal. */
  certificate?: string;
  /** Where it informed from when that last changed: addresses with connection-request URLs, the latest last. */
  sources?: string[];
  /** Signs of a second unit under its id (identity.ts). */
  clashes?: number;
  hold?: Hold;
  /** What the watch last said of a device that does not inform any more; gone with its next Inform. */
  absence?: 'late' | 'lost';
  /** Values that the last Informs carried, by path: a JSON object as text, which seldom changes and is seldom looked into (inform.ts). */
  told: string;

  /** As operations see it; a row that is read may still show one that has ended. */
  claim?: Claim;
  /** Last fencing token given out. */
  fence: number;
  reconciled?: Reconciled;
  /** At most 50, forgotten at 0 BOOTSTRAP. */
  drift?: Drift[];
  /** Ends with 1 BOOT, whoever restarted it. */
  restart?: RestartDue;
  move?: Move;
  /** Rows are being added: the instances that each table had before, so that those of a session that is lost are known as ours. */
  adding?: Record<string, string[]>;
  /** Files that this device took with success, by name: SHA-256. Set when a Download ends well, forgotten at 0 BOOTSTRAP. */
  applied: Record<string, string>;
  /** Open tasks, oldest first, at most 100. */
  tasks: Task[];
  faults: DeviceFault[];
  rollout?: RolloutPosition;
}

/** What the parameters of an Inform say (made by `reportOf` of inform.ts); what it does not tell is absent. */
export interface InformReport {
  root?: string;
  softwareVersion?: string;
  hardwareVersion?: string;
  provisioningCode?: string;
  parameterKey?: string;
  connectionRequestUrl?: string;
  /** Seconds; 0 where periodic Informs are off. */
  informInterval?: number;
  /** All values by path, a JSON object as text; null for one that is too long to be kept. */
  values: string;
}

/** What an Inform says, ready to be recorded. */
export interface InformFacts {
  identity: DeviceIdentity;
  events: { EventCode: string; CommandKey: string }[];
  report: InformReport;
  retryCount: number;
  address: string;
  now: number;
  /** The member that takes the claim. Its own earlier claim of the device never stands in its way. */
  owner: string;
  /** Token of another member's claim that may be taken: that member is gone, or has given the session up. */
  takeOver?: number;
  /** State of a device that is met for the first time; `refuse` makes no row. */
  admission: 'quarantine' | 'enrolled' | 'refuse';
  /** Leaves quarantine by this Inform: a rule says so. */
  lift?: boolean;
  /** SHA-256 of the client certificate that it showed. */
  certificate?: string;
  /** What a device that is met for the first time authenticated with, if it is its own from now on. */
  credentials?: Credentials;
  /** The device proved itself with the `next` pair: it becomes the only one. */
  usedNext?: boolean;
}

export type Informed =
  /** `back`: what had been said of it, where it had been missed. `lifted`: it left quarantine by this. */
  | {
      outcome: 'claimed';
      row: DeviceRow;
      token: number;
      first: boolean;
      settled: Task[];
      back?: 'late' | 'lost';
      lifted?: true;
    }
  /** In session with another member, under that claim. */
  | { outcome: 'busy'; claim: Claim }
  | { outcome: 'refused' };

export interface Outcome {
  state: 'done' | 'failed' | 'waiting' | 'cancelled' | 'queued';
  result?: Record<string, unknown>;
  fault?: TaskFault;
}

export interface DevicePatch {
  tags?: string[];
  /** All of them anew. */
  site?: Record<string, string>;
  /** Those that are named, the others stay. */
  siteChanges?: Record<string, string>;
  /** `null` removes one. */
  overrides?: Record<string, WantedValue | null>;
  credentials?: Credentials;
  connectionRequest?: Partial<ConnectionRequestAccess>;
}

/**
 * Every change of a device, by name: a pure function of the row and plain data (store/operations.ts), so that the same message
 * crosses to a writer thread or to the process that owns the store. `token` fences: a stale one is answered `stale` and changes nothing.
 */
export interface DeviceOperations {
  /** Claims the device and records the Inform in one step; settles what its events prove (M Reboot, BOOT, silence). Creates the row. */
  informed: { args: InformFacts; result: Informed };
  /** End of a session: frees the claim. `complete` false (lost session) counts no silent session. */
  released: { args: { token: number; complete: boolean; now: number }; result: 'ok' | 'stale' };
  /** Says of a device that it is late or lost, once each; undefined where there is nothing new to say. */
  missed: { args: { now: number; deaf?: Deaf }; result: { absence: 'late' | 'lost'; lastInform: number } | undefined };
  /** Seconds between its periodic Informs, 0 for none, as it was read or set. */
  intervalLearned: { args: { informInterval: number }; result: boolean };
  /** Announces a device before first contact. 409 when it exists. */
  announced: { args: { identity: DeviceIdentity; now: number; patch: DevicePatch }; result: DeviceRow };
  patched: { args: { patch: DevicePatch }; result: DeviceRow };
  /** Leaves quarantine, or what held it; a row that does not exist is made from `identity` and opened until `openUntil`. */
  approved: { args: { identity?: DeviceIdentity; openUntil?: number; now: number }; result: DeviceRow };
  /** Both pairs are good from now on, until the device uses the new one. */
  credentialsOffered: {
    args: {
      token: number;
      next: { username: string; password: Sealed };
      connectionRequest: { username: string; password: Sealed };
    };
    result: 'ok' | 'stale';
  };
  /** 409 `command-key-open` when a task with that CommandKey is open on the device; 429 when too many are open. */
  taskAdded: { args: { task: Task }; result: Task };
  /** Durable before a non-repeatable RPC leaves. */
  taskSent: { args: { token: number; id: string; now: number }; result: Task | 'stale' | 'gone' };
  taskSettled: { args: { token?: number; id: string; outcome: Outcome; now: number }; result: Task | 'stale' | 'gone' };
  taskCancelled: { args: { id: string; now: number }; result: Task | 'gone' | 'sent' };
  /** TransferComplete: settles the oldest sent or waiting transfer with that CommandKey (a good Download of a stored file goes into `applied`); undefined when there is none. */
  transferCompleted: {
    args: {
      commandKey: string;
      fault: { code: number; message: string };
      startTime: string;
      completeTime: string;
      now: number;
    };
    result: Task | undefined;
  };
  /** The wanted revision holds; clears the faults whose time to be tried again had come, and those of the causes in `cleared`. */
  reconciled: {
    args: Omit<Reconciled, 'suspect'> & {
      token: number;
      parameterKey?: string;
      cleared?: readonly string[];
      now: number;
    };
    result: 'ok' | 'stale';
  };
  /** A restart is due; absent: none any more, and its fault is cleared. */
  restartNoted: { args: { token: number; restart?: RestartDue }; result: 'ok' | 'stale' };
  /** Before rows are added, by table the instances that it has; absent: all rows that were added are filled. */
  addingNoted: { args: { token: number; adding?: Record<string, string[]> }; result: 'ok' | 'stale' };
  /** The device is to go to another ACS, or is no longer to: absent, and its fault is cleared. */
  moveNoted: { args: { token: number; move?: Move }; result: 'ok' | 'stale' };
  /** It has arrived there; `none` where it is not on its way. */
  moveConfirmed: { args: { now: number }; result: 'ok' | 'none' };
  /** What was found otherwise than wanted, all of it anew. */
  drifted: { args: { token: number; drift: Drift[] }; result: 'ok' | 'stale' };
  faultRaised: {
    args: Pick<DeviceFault, 'cause' | 'code' | 'message' | 'parameter' | 'retryAt' | 'basis' | 'file'> & {
      now: number;
    };
    result: DeviceFault;
  };
  /** By cause or by id. */
  faultCleared: { args: { cause?: string; id?: string }; result: boolean };
  /** Plans the device, or skips it with the reason. `elsewhere`: another rollout has it under way. A second time changes nothing. */
  rolloutAssigned: {
    args: Pick<RolloutPosition, 'id' | 'wave' | 'file' | 'fileHash' | 'version' | 'productClass' | 'zone'> &
      Pick<RolloutPosition, 'soakMs' | 'timeoutMs'> & { now: number };
    result: RolloutPosition | 'elsewhere' | 'gone';
  };
  /** Moves a planned device's wanted firmware, or finds that there is no need. */
  rolloutOffered: {
    args: { id: string; until?: number; now: number };
    result: RolloutPosition | 'stale';
  };
  /** A verdict that rests on time or on the operator; `stale` where the position is in none of the states `from` any more. */
  rolloutJudged: {
    args: {
      id: string;
      from: RolloutState[];
      state: RolloutState;
      reason?: string;
      cause?: RolloutPosition['cause'];
      now: number;
    };
    result: RolloutPosition | 'stale';
  };
  /** From now on the image is the one that it ran before. */
  rolloutTurned: {
    args: { id: string; file: string; fileHash: string; version: string; now: number };
    result: RolloutPosition | 'stale';
  };
  /** What it wants counts no more: presets do. `forget`: the position goes too, and an earlier rollout's comes back. */
  rolloutReleased: { args: { id: string; forget?: boolean }; result: boolean };
  /** Forgets the device; its open tasks end cancelled. */
  removed: { args: { now?: number }; result: boolean };
}

export type DeviceOperation = keyof DeviceOperations;

/** One known value of the cold tree. `time`: when it was read or set, milliseconds. */
export interface KnownValue {
  path: string;
  value: string;
  type: string;
  writable?: boolean;
  notification?: number;
  time: number;
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
  deaf?: Deaf;
}

/** A time in which no device could be heard, because nobody served: for those that did not inform since, it does not count. */
export interface Deaf {
  until: number;
  ms: number;
}

/** Small documents that the whole server shares, by kind and name. */
export type DocumentKind =
  | 'alert'
  | 'alertState'
  | 'preset'
  | 'file'
  | 'rollout'
  | 'setting'
  | 'model'
  | 'user'
  | 'duty'
  | 'webhook'
  | 'enrolRule'
  | 'trust'
  | 'server';

export type NoticeType = (typeof noticeTypes)[number];

/** Something that happened, for webhooks: kept in the same commit as the fact, until each webhook that wants it has taken it. */
export interface Notice {
  /** The same for the same fact. */
  id: string;
  type: NoticeType;
  /** Milliseconds. */
  time: number;
  device?: string;
  data: Record<string, unknown>;
  /** Only for these webhooks, whatever they want otherwise. */
  to?: string[];
}

/** What a store reads of a document of kind `webhook`: who is to be told what. */
export interface Subscription {
  events: readonly string[];
  /** Over the device that a notice is about; parameters are those of the last Informs. */
  filter?: string;
  /** Nothing is kept for it. */
  paused?: boolean;
}

/** A notice on its way to one webhook. */
export interface Delivery {
  id: string;
  webhook: string;
  notice: Notice;
  /** Not tried before. */
  due: number;
  created: number;
  attempts: number;
  /** Given up: kept to be looked at, or to be revived. */
  dead: boolean;
  /** Why the last attempt failed. */
  error?: string;
}

/** Something that a device did, for whoever looks at it later. */
export interface DeviceEvent {
  time: number;
  type: string;
  data: Record<string, unknown>;
}

export interface HistoryEntry {
  device: string;
  events?: readonly DeviceEvent[];
  samples?: readonly { path: string; time: number; value: number }[];
}

export interface SeriesQuery {
  device: string;
  path: string;
  /** Of series.ts: how fine. */
  level: number;
}

/** All that fell into one stretch of time from `time` on. */
export interface SeriesPoint {
  time: number;
  count: number;
  avg: number;
  min: number;
  max: number;
}

export interface TakeDeliveries {
  webhook: string;
  now: number;
  /** Nobody else takes them for so long. */
  leaseMs: number;
  limit: number;
}

export type DeliveryOutcome = { state: 'delivered' } | { state: 'waiting' | 'dead'; due: number; error: string };

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

export interface StoredDocument<T = unknown> {
  name: string;
  /** Grows with each change of any document of the kind. */
  generation: number;
  /** When it was last put, milliseconds. */
  changed: number;
  body: T;
}

/** Who changed what, when: appended, never changed. */
export interface AuditEntry {
  id: string;
  /** Milliseconds. */
  time: number;
  /** Who asked: a user's name, `admin`, or the server's own part that acted. */
  who: string;
  /** Name of the operation. */
  what: string;
  /** What it was done to: a device, preset, file, …; '' for the server as a whole. */
  target: string;
  /** HTTP status it was answered with. */
  status: number;
  detail?: Record<string, unknown>;
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
