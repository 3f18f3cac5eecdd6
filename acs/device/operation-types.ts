// Every operation on a device by name, with its arguments and result. Their functions are in operations/.

import type { ParameterValue } from '../../shared/cwmp/methods.ts';
import type { ConnectionRequestAccess, Credentials, Login, Sealed } from './credentials.ts';
import type { Drift, Move, Reconciled, RestartDue } from './desired-state.ts';
import type { DeviceFault } from './fault.ts';
import type { Override } from './override.ts';
import type { KnownValue } from './parameter.ts';
import type { RolloutPosition, RolloutState } from './rollout-position.ts';
import type { Claim, DeviceIdentity, DeviceRow, Moved } from './row.ts';
import type { Task, TaskFault } from './task.ts';

/** The parameters of an Inform (made by `reportOf` of inform.ts); those that it does not carry are absent. */
export interface InformReport {
  root?: string;
  softwareVersion?: string;
  hardwareVersion?: string;
  provisioningCode?: string;
  parameterKey?: string;
  connectionRequestUrl?: string;
  /** Seconds; 0 where periodic Informs are off. */
  informInterval?: number;
  /** All values by path, a JSON object as text; null for a value that is too long to be kept. */
  values: string;
}

/** An Inform in the form in which it is recorded. */
export interface InformFacts {
  identity: DeviceIdentity;
  events: { EventCode: string; CommandKey: string }[];
  report: InformReport;
  retryCount: number;
  address: string;
  now: number;
  /** The member that takes the claim. An earlier claim of its own does not prevent it. */
  owner: string;
  /** Token of another member's claim that may be taken over: that member is gone, or has yielded the session. */
  takeOver?: number;
  /** State of a device that informs for the first time; `refuse` makes no row. */
  admission: 'quarantine' | 'enrolled' | 'refuse';
  /** The device leaves quarantine by this Inform: an enrolment rule says so. */
  lift?: boolean;
  /** SHA-256 of its client certificate, hexadecimal. */
  certificate?: string;
  /** The credentials that a new device authenticated with, if they are its own from now on. */
  credentials?: Credentials;
  /** The device authenticated with the `next` pair, which becomes the only one. */
  usedNext?: boolean;
  login?: Login;
}

export type Informed =
  /** `back`: its absence, which ends. `lifted`: it left quarantine by this Inform. */
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
  | { outcome: 'refused'; replacedBy?: string };

export interface Outcome {
  state: 'done' | 'failed' | 'waiting' | 'cancelled' | 'queued';
  result?: Record<string, unknown>;
  fault?: TaskFault;
}

/** Tags that are added and removed; the others stay. */
export interface TagChange {
  add?: string[];
  remove?: string[];
}

export interface DevicePatch {
  tags?: string[] | TagChange;
  /** Only the named fields change; `null` removes one. */
  site?: Record<string, string | null>;
  /** `null` removes one. */
  overrides?: Record<string, Override | null>;
  credentials?: Credentials;
  connectionRequest?: Partial<Omit<ConnectionRequestAccess, 'refused'>>;
}

/**
 * Arguments and result of each operation: plain data, so that the same message crosses to a writer thread or to the process that owns the
 * store. `token` is a fencing token: a stale one gets `stale` and changes nothing.
 */
export interface DeviceOperations {
  /** Claims the device and records the Inform in one step; ends tasks that its events prove (M Reboot, BOOT). Creates the row. */
  informed: { args: InformFacts; result: Informed };
  /** Ends a session: frees the claim. One that the ACS broke off (`complete` false) counts as no silent session. */
  released: { args: { token: number; complete: boolean; now: number }; result: 'ok' | 'stale' };
  /**
   * Ends a session that the device left: frees the claim, and charges the task or the causes of the RPC that was open. After three such
   * sessions the task ends failed (`unanswered`), a cause gets its fault. A session is counted once, also where its token is stale.
   */
  sessionLost: {
    args: {
      token: number;
      now: number;
      error: string;
      call?: { method: string; task?: string; causes?: readonly Pick<DeviceFault, 'cause' | 'basis' | 'retryAt'>[] };
    };
    result: { ended: Task[]; faults: DeviceFault[] };
  };
  /** Marks a device as late or lost, once each; undefined where nothing changes. */
  missed: {
    args: { now: number; blindSpot?: BlindSpot };
    result: { absence: 'late' | 'lost'; lastInform: number } | undefined;
  };
  /** Records the seconds between its periodic Informs, 0 for none, as they were read or set; absent: they cannot be read. */
  intervalLearned: { args: { informInterval?: number }; result: DeviceRow };
  /** Takes newer values into what Informs have told: a store does it with every value that goes into a device's tree. */
  valuesKnown: { args: { values: readonly KnownValue[]; replaceBelow?: string }; result: undefined };
  /** Announces a device before its first Inform. @throws UserError 409 when it exists */
  announced: { args: { identity: DeviceIdentity; now: number; patch: DevicePatch }; result: DeviceRow };
  /**
   * @param args.expected version by `editVersion`
   * @param args.now for overrides that begin later; default: each time has come
   * @throws UserError 409 `changed-meanwhile` for another version
   */
  patched: { args: { patch: DevicePatch; expected?: string; now?: number }; result: DeviceRow };
  /** Holds an enrolled device until it is approved. @returns whether it was enrolled */
  heldBack: { args: { detail: string; now: number }; result: boolean };
  /** Ends quarantine or a hold; a row that does not exist is made from `identity` and open until `openUntil`. */
  approved: { args: { identity?: DeviceIdentity; openUntil?: number; now: number }; result: DeviceRow };
  /** Bars a device whose place another one takes: its tasks are cancelled, and its account is good for nothing. @throws UserError 409 */
  replaced: { args: { by: string; now: number }; result: DeviceRow };
  /** Takes the place of another device. Creates the row, and ends quarantine. @throws UserError 409 */
  replacementTaken: {
    args: { of: string; identity: DeviceIdentity; moved: Moved; now: number };
    result: DeviceRow;
  };
  /** Takes back what a device got with a place, as far as it has not been changed since. */
  replacementReturned: { args: { of: string }; result: undefined };
  /** The device has its state and account again. */
  replacementUndone: { args: { of: string }; result: DeviceRow };
  /** Adds a new pair: both are valid until the device uses the new one. */
  credentialsOffered: {
    args: {
      token: number;
      next: { username: string; password: Sealed };
      connectionRequest: { username: string; password: Sealed };
    };
    result: 'ok' | 'stale';
  };
  /** Notes that the device has refused its credentials for connection requests, unless it has others by now. */
  pairRefused: { args: { password: Sealed }; result: undefined };
  /** Counts a login of its own that the device has accepted, until it uses one. */
  credentialsTaken: { args: { token: number; now: number }; result: 'ok' | 'stale' };
  /** @throws UserError 409 `command-key-open` when a task with that CommandKey is open on the device, 429 when too many are open */
  taskAdded: { args: { task: Task }; result: Task };
  /** Marks a task as sent, before its RPC leaves. */
  taskSent: { args: { token: number; id: string; now: number }; result: Task | 'stale' | 'gone' };
  /**
   * Records the outcome of an RPC. `known`: values in its response, which go into the device's tree with it (before it where a store cannot
   * do both at once), also where the result is `stale` or `gone`.
   * @throws UserError 413 `parameter-limit` where the tree would grow beyond `most` values by them; then nothing has changed
   */
  taskSettled: {
    args: { token?: number; id: string; outcome: Outcome; known?: KnownValue[]; most?: number; now: number };
    result: { task: Task; row: DeviceRow } | 'stale' | 'gone';
  };
  /** Notes that the device has started the diagnostic of a task, which waits for its end until `expires`. */
  diagnosticBegun: {
    args: { token: number; id: string; path: string; list: ParameterValue[]; now: number; expires: number };
    result: { task: Task; row: DeviceRow } | 'stale' | 'gone';
  };
  /** Notes that the answer to an RPC that must not be repeated cannot be read: it stays sent. */
  taskUnreadable: { args: { token: number; id: string; error: string }; result: Task | 'stale' | 'gone' };
  taskCancelled: { args: { id: string; now: number }; result: Task | 'gone' | 'sent' };
  /**
   * TransferComplete: ends the oldest sent or waiting transfer with that CommandKey; a good Download of a stored file goes into `applied`.
   * Undefined when there is none.
   */
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
  /** Records that the desired revision holds; clears the faults that were due for a retry, and those of the causes in `cleared`. */
  reconciled: {
    args: Omit<Reconciled, 'suspect'> & {
      token: number;
      parameterKey?: string;
      cleared?: readonly string[];
      now: number;
    };
    result: 'ok' | 'stale';
  };
  /** Records a restart that is due; absent: none is any more, and its fault is cleared. */
  restartNoted: { args: { token: number; restart?: RestartDue }; result: 'ok' | 'stale' };
  /** Records, before rows are added, the instances of each table; absent: all added rows are filled. */
  addingNoted: { args: { token: number; adding?: Record<string, string[]> }; result: 'ok' | 'stale' };
  /** Records a move to another ACS; absent: there is none any more, and its fault is cleared. */
  moveNoted: { args: { token: number; move?: Move }; result: 'ok' | 'stale' };
  /** Confirms that the device arrived there; `none` where no move is under way. */
  moveConfirmed: { args: { now: number }; result: 'ok' | 'none' };
  /** Replaces the whole list of drift. */
  drifted: { args: { token: number; drift: Drift[] }; result: 'ok' | 'stale' };
  faultRaised: {
    args: Pick<DeviceFault, 'cause' | 'code' | 'message' | 'parameter' | 'retryAt' | 'basis' | 'file'> & {
      now: number;
    };
    result: DeviceFault;
  };
  /** Clears faults by cause or by id. */
  faultCleared: { args: { cause?: string; id?: string }; result: boolean };
  /** Plans the device, or skips it with the reason. `elsewhere`: another rollout has it under way. Repeating it changes nothing. */
  rolloutAssigned: {
    args: Pick<RolloutPosition, 'id' | 'wave' | 'file' | 'fileHash' | 'version' | 'productClass' | 'zone'> &
      Pick<RolloutPosition, 'soakMs' | 'timeoutMs'> & { now: number };
    result: RolloutPosition | 'elsewhere' | 'gone';
  };
  /** Offers the image to a planned device, or finds that there is no need. */
  rolloutOffered: {
    args: { id: string; until?: number; now: number };
    result: RolloutPosition | 'stale';
  };
  /** Records a verdict by time or by the operator; `stale` where the position is in none of the states `from` any more. */
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
  /** Makes the image that the device ran before the one to install. */
  rolloutRolledBack: {
    args: { id: string; file: string; fileHash: string; version: string; now: number };
    result: RolloutPosition | 'stale';
  };
  /** Leaves the firmware to presets. `forget`: the position goes too, and that of an earlier rollout returns. */
  rolloutReleased: { args: { id: string; forget?: boolean }; result: boolean };
  /** Removes the device; its open tasks end cancelled. `expected` is as for `patched`. */
  removed: { args: { now?: number; expected?: string }; result: boolean };
}

export type DeviceOperation = keyof DeviceOperations;

/** A time in which no process served, so that no Inform could arrive: devices that have not informed since are not charged with it. */
export interface BlindSpot {
  until: number;
  ms: number;
}
