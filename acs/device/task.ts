// A task of a device: one RPC that is to be sent to it, from queued to ended.
import type { MethodName } from '../../shared/cwmp/methods.ts';
import type { Sealed } from './credentials.ts';

/** `waiting`: the CPE answered that the effect comes later (Download with Status 1), or evidence is awaited (Reboot). */
type TaskState = 'queued' | 'sent' | 'waiting' | 'done' | 'failed' | 'cancelled';

export interface TaskFault {
  code: number | string;
  message: string;
  parameters?: { name: string; code: number; message: string }[];
}

/** The diagnostic that a SetParameterValues starts. The task ends when the device has reported the result. */
export interface TaskDiagnostic {
  kind: string;
  /** Its settings as they were asked for, by their names in requests. */
  input: Readonly<Record<string, string | number>>;
  /** The objects that may hold it, in the order in which they are tried. */
  paths: readonly string[];
  /** The object that the device has, once it was started there. */
  path?: string;
}

/** An Upload of a backup for a rule, or the Download that gives a version back. */
export interface TaskBackup {
  rule?: string;
  version?: number;
}

export interface Task {
  id: string;
  device: string;
  method: MethodName;
  args: Record<string, unknown>;
  state: TaskState;
  /** The origin of the request: an operator, or reconcile. */
  origin: 'operator' | 'reconcile';
  /** The word by which its requester knows it. */
  handle?: string;
  /** For Download and Upload: the stored file that the ACS serves, by name, and the SHA-256 (hex) of its content at that time. */
  file?: string;
  fileHash?: string;
  /** For a Download of a text that was made for this task alone: that text, sealed, as it may hold secrets. */
  content?: Sealed;
  result?: Record<string, unknown>;
  fault?: TaskFault;
  /** All times are milliseconds since the epoch. */
  created: number;
  notBefore?: number;
  expires?: number;
  started?: number;
  ended?: number;
  diagnostic?: TaskDiagnostic;
  /** A transfer that the backups of the device serve. */
  backup?: TaskBackup;
  /** The rollout that it belongs to: it leaves only while the device's position there is `offered`. */
  rollout?: string;
  /** The job that it belongs to, by id. */
  job?: string;
  /** Fencing token of the session that sent it. */
  sentBy?: number;
  /** Sessions that were lost over its RPC, and the end of the last of them. */
  attempts?: number;
  lastError?: string;
  /** Number of later sessions that ended without evidence of its outcome. */
  silentSessions?: number;
}
