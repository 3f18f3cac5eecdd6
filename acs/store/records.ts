// What the store keeps beside devices: documents, notices for webhooks, history, the audit.

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

export type DeliveryOutcome = { state: 'delivered' } | { state: 'waiting' | 'dead'; due: number; error: string };

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
] as const;
