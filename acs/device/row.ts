// The row of a device: all of it that must change together. The parameter tree lies apart.
import type { ConnectionRequestAccess, Credentials } from './credentials.ts';
import type { Drift, Move, Reconciled, RestartDue, WantedValue } from './desired-state.ts';
import type { DeviceFault } from './fault.ts';
import type { RolloutPosition } from './rollout-position.ts';
import type { Task } from './task.ts';

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
