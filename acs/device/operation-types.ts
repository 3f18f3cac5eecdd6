// Every change of a device, by name. What each does is in operations.ts.

import type { ConnectionRequestAccess, Credentials, Sealed } from './credentials.ts';
import type { Drift, Move, Reconciled, RestartDue, WantedValue } from './desired-state.ts';
import type { DeviceFault } from './fault.ts';
import type { KnownValue } from './parameter.ts';
import type { RolloutPosition, RolloutState } from './rollout-position.ts';
import type { Claim, DeviceIdentity, DeviceRow } from './row.ts';
import type { Task, TaskFault } from './task.ts';

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
  /** Those that are named, the others stay; `null` removes one. */
  site?: Record<string, string | null>;
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
  missed: {
    args: { now: number; blindSpot?: BlindSpot };
    result: { absence: 'late' | 'lost'; lastInform: number } | undefined;
  };
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
  /**
   * What an RPC came to. `known`: values that its answer told, which go into the device's tree with it (before it where a store cannot
   * do both at once), also where the answer is `stale` or `gone`.
   */
  taskSettled: {
    args: { token?: number; id: string; outcome: Outcome; known?: KnownValue[]; now: number };
    result: { task: Task; row: DeviceRow } | 'stale' | 'gone';
  };
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
  rolloutRolledBack: {
    args: { id: string; file: string; fileHash: string; version: string; now: number };
    result: RolloutPosition | 'stale';
  };
  /** What it wants counts no more: presets do. `forget`: the position goes too, and an earlier rollout's comes back. */
  rolloutReleased: { args: { id: string; forget?: boolean }; result: boolean };
  /** Forgets the device; its open tasks end cancelled. */
  removed: { args: { now?: number }; result: boolean };
}

export type DeviceOperation = keyof DeviceOperations;

/** A time in which no process served, so that no Inform could arrive: devices that have not informed since are not charged with it. */
export interface BlindSpot {
  until: number;
  ms: number;
}
