// The row of a device: all of it that must change together. Its parameter tree is stored apart.
import type { ConnectionRequestAccess, Credentials, Login, UnusedLogins } from './credentials.ts';
import type { Drift, Move, Reconciled, RestartDue } from './desired-state.ts';
import type { DeviceFault } from './fault.ts';
import type { Override } from './override.ts';
import type { RolloutPosition } from './rollout-position.ts';
import type { Task } from './task.ts';

export interface DeviceIdentity {
  manufacturer: string;
  oui: string;
  productClass: string;
  serialNumber: string;
}

/**
 * `known`: announced by the operator, has never informed. `quarantine`: has informed, is not approved. `enrolled`: managed. `held`: was
 * managed, but may no longer be the same unit. `replaced`: another device has its place, and it is refused.
 */
export const deviceStates = ['known', 'quarantine', 'enrolled', 'held', 'replaced'] as const;
export type DeviceState = (typeof deviceStates)[number];

/** Of what operators write, that which goes from a device to the one that replaces it. */
export type Moved = Pick<DeviceRow, 'tags' | 'site' | 'overrides'>;

/** The device that has the place of this one, and what comes back when that is undone. */
export interface ReplacedBy {
  id: string;
  since: number;
  was: Pick<DeviceRow, 'state' | 'credentials' | 'connectionRequest' | 'hold' | 'lastInform' | 'absence'>;
}

/** The device whose place this one has taken, what it got from it, and what it had before. */
export interface Replaces {
  id: string;
  since: number;
  moved: Moved;
  before: Moved;
  /** The row was made for it. */
  isNew?: true;
}

/** The reason for which a device is held, and advice for the operator. */
export interface Hold {
  reason: 'certificate-changed' | 'cloned' | 'operator';
  since: number;
  detail: string;
  /** SHA-256 of its new client certificate, which becomes its own by an approval. */
  certificate?: string;
  /** The Inform before, and the one that led to the hold. */
  sightings?: [Sighting, Sighting];
}

/** A unit as an Inform has shown it. */
export interface Sighting {
  time: number;
  address: string;
  connectionRequestUrl: string;
  softwareVersion: string;
  /** SHA-256 of its client certificate. */
  certificate?: string;
}

/** A session's claim of its device. It lasts as long as its owner: the lease is that of the process (see Member), not of the session. */
export interface Claim {
  /** Fencing token: grows with each claim of the device. An operation with a stale one changes nothing. */
  token: number;
  /** The member that runs the session. */
  owner: string;
}

/** The sessions of a device lost since the last one that ended well. */
export interface Unfinished {
  sessions: number;
  /** Times in milliseconds. */
  since: number;
  last: number;
  /** The end of the last of them. */
  error: string;
  /** Fencing token of the last of them: each is counted once. */
  token: number;
  /** Sessions that were lost over an RPC of that cause, for causes other than tasks. */
  causes?: Record<string, number>;
}

/** The row of a device: about 1 KB, changed by each Inform. */
export interface DeviceRow extends DeviceIdentity {
  /** `OUI-ProductClass-Serial`, each part percent-encoded (TR-069 3.4.4). */
  id: string;
  state: DeviceState;
  created: number;
  credentials?: Credentials;
  /** The login of its last Inform. */
  login?: Login;
  /** Absent once it uses a login of its own; 0 BOOTSTRAP removes it. */
  unusedLogins?: UnusedLogins;
  connectionRequest: ConnectionRequestAccess;
  /** Until this time a TLS session without credentials is admitted: an operator approved the device before it had any. */
  openUntil?: number;
  tags: string[];
  site: Record<string, string>;
  overrides: Record<string, Override>;

  lastInform?: number;
  lastBoot?: number;
  lastBootstrap?: number;
  lastEvents: string[];
  address: string;
  softwareVersion: string;
  hardwareVersion: string;
  provisioningCode: string;
  parameterKey: string;
  /** Root of its data model as reported: `Device.` or `InternetGatewayDevice.`. */
  root: string;
  /** Seconds between periodic Informs, when known. Liveness is judged by them. */
  informInterval?: number;
  /** It was approved, and has not been asked for that interval since. */
  isIntervalDue?: true;
  /** SHA-256 of its client certificate, hexadecimal. */
  certificate?: string;
  /** The last sources of its Informs, the latest last: address and connection-request URL. */
  sources?: string[];
  /** Number of signs of a second unit under its id (clone-detection.ts). */
  clashes?: number;
  hold?: Hold;
  replacedBy?: ReplacedBy;
  replaces?: Replaces;
  /** The last verdict of the watch on a device that stopped informing; removed by its next Inform. */
  absence?: 'late' | 'lost';
  /** Values of its last Informs by path: a JSON object as text, because it is seldom changed and seldom read (inform.ts). */
  told: string;

  /** A row that is read may still show a claim that has ended; operations do not see it. */
  claim?: Claim;
  /** The last fencing token. */
  fence: number;
  reconciled?: Reconciled;
  /** At most 50; 0 BOOTSTRAP removes them. */
  drift?: Drift[];
  /** Any 1 BOOT removes it. */
  restart?: RestartDue;
  move?: Move;
  /** While rows are added: the instances that each table had before, so that rows added by a lost session are recognised. */
  adding?: Record<string, string[]>;
  /** SHA-256 of the files that the device took with success, by name. A Download that ends well adds one; 0 BOOTSTRAP removes all. */
  applied: Record<string, string>;
  /** Open tasks, oldest first, at most 100. */
  tasks: Task[];
  faults: DeviceFault[];
  /** Sessions that were lost since the last one that ended well; a session that ends well removes it. */
  unfinished?: Unfinished;
  rollout?: RolloutPosition;
}

/** The row with other credentials for connection requests, which the device has not refused yet. */
export function withPair(row: DeviceRow, pair: Partial<ConnectionRequestAccess>): DeviceRow {
  const { refused: _refused, ...access } = row.connectionRequest;
  return { ...row, connectionRequest: { ...access, ...pair } };
}
