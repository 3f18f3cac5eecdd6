// The row of a device: all of it that must change together. The parameter tree lies apart.
import type { MethodName } from '../../shared/cwmp/methods.ts';

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

/** One known value of the cold tree. `time`: when it was read or set, milliseconds. */
export interface KnownValue {
  path: string;
  value: string;
  type: string;
  writable?: boolean;
  notification?: number;
  time: number;
}
