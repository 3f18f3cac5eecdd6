// Records that the store keeps beside devices: documents, notices for webhooks, history, the audit.
import type { SessionRecord } from './session-record.ts';

/** Kinds of the small documents that the whole server shares. */
export type DocumentKind =
  | 'alert'
  | 'alertState'
  | 'preset'
  | 'file'
  | 'backup'
  | 'backupRule'
  | 'backupState'
  | 'rollout'
  | 'job'
  | 'setting'
  | 'model'
  | 'learnedModel'
  | 'user'
  | 'role'
  | 'token'
  | 'view'
  | 'session'
  | 'duty'
  | 'ticketKey'
  | 'webhook'
  | 'enrolRule'
  | 'trust'
  | 'server'
  | 'requestRetry';

export type NoticeType = (typeof noticeTypes)[number];

/** A fact for webhooks: kept in the same commit as the fact itself, until each webhook that receives it has taken it. */
export interface Notice {
  /** The same for the same fact. */
  id: string;
  type: NoticeType;
  /** Milliseconds. */
  time: number;
  device?: string;
  data: Record<string, unknown>;
  /** Only for these webhooks, whatever their events and filters. */
  to?: string[];
}

/** The part of a document of kind `webhook` that a store reads: the notices that it receives. */
export interface Subscription {
  events: readonly string[];
  /** Over the device that a notice is about; parameters are those of the last Informs. */
  filter?: string;
  /** Only notices of Informs with one of these event codes; other notices are not concerned. */
  eventCodes?: readonly string[];
  /** Only notices of Informs that change one of these parameters: full or partial paths, also with `*`. */
  parameters?: readonly string[];
  /** No notices of facts after this time are kept for it, milliseconds. */
  until?: number;
  /** No notices are kept for it. */
  paused?: boolean;
}

/** A notice on its way to one webhook. */
export interface Delivery {
  id: string;
  webhook: string;
  notice: Notice;
  /** Time of the next attempt, milliseconds. */
  due: number;
  created: number;
  attempts: number;
  /** It was given up, and is kept to be read or revived. */
  dead: boolean;
  /** The reason for which the last attempt failed. */
  error?: string;
}

/** An event of a device, for its history. */
export interface DeviceEvent {
  time: number;
  type: string;
  data: Record<string, unknown>;
}

export interface HistoryEntry {
  device: string;
  events?: readonly DeviceEvent[];
  samples?: readonly { path: string; time: number; value: number }[];
  sessions?: readonly SessionRecord[];
}

export type DeliveryOutcome = { state: 'delivered' } | { state: 'waiting' | 'dead'; due: number; error: string };

export interface StoredDocument<T = unknown> {
  name: string;
  /** Grows with each change of any document of the kind. */
  generation: number;
  /** Time of its last change, milliseconds. */
  changed: number;
  /** Of its last change, where the kind keeps versions and the change had one. */
  author?: string;
  comment?: string;
  body: T;
}

/** One request that changed something: appended, never changed. */
export interface AuditEntry {
  id: string;
  /** Milliseconds. */
  time: number;
  /** The actor: the name of a user or token, `admin`, or a part of the server itself. */
  who: string;
  /** The kind of the actor: `user`, `token`, `admin-token`, or `stranger` of a refused sign-in. */
  kind?: string;
  /** The address that it came from. */
  from?: string;
  /** Name of the operation. */
  what: string;
  /** The object: a device, preset, file, …; '' for the server as a whole. */
  target: string;
  /** HTTP status of the response. */
  status: number;
  detail?: Record<string, unknown>;
  /** Error code of a refusal, and its text. */
  code?: string;
  reason?: string;
  /** The changed fields with their values before and after, secrets masked. */
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  /** Refusals of the same kind before that were not kept. */
  suppressed?: number;
  /** Its place in the chain, from 1, the hash of the entry before, and its own; absent in entries of an older version. */
  seq?: number;
  prev?: string;
  hash?: string;
}

/** The place of the last chained entry. */
export interface AuditHead {
  seq: number;
  hash: string;
}

export const noticeTypes = [
  'enrolled',
  'removed',
  'late',
  'lost',
  'back',
  'task',
  'fault',
  'faultCleared',
  'alert',
  'rollout',
  'job',
  'audit',
  'inform',
] as const;
