// Requests to the writer of the SQLite store, and their outcomes.
import type { ManyOperation } from '../../../device/many.ts';
import type { DeviceOperation, DeviceOperations } from '../../../device/operation-types.ts';
import type { KnownValue } from '../../../device/parameter.ts';
import type { ChangeNote } from '../../document-versions.ts';
import type { AuditEntry, DocumentKind, HistoryEntry, Notice } from '../../records.ts';
import type { Retention } from '../../store.ts';
import type { ContentRequest } from './content-writes.ts';
import type { DeliveryRequest } from './delivery-writes.ts';
import type { JobRequest } from './job-writes.ts';

/** Plain data: it crosses to the writer thread. */
export type WriteRequest =
  | { do: 'apply'; id: string; name: DeviceOperation; args: DeviceOperations[DeviceOperation]['args'] }
  | { do: 'applyToMany'; many: ManyOperation }
  | { do: 'putParameters'; device: string; values: KnownValue[]; replaceBelow?: string; most?: number }
  | PutDocument
  | DeleteDocument
  | ContentRequest
  | DeliveryRequest
  | JobRequest
  | { do: 'appendHistory'; entries: readonly HistoryEntry[] }
  | { do: 'audit'; entries: readonly AuditEntry[]; notices: readonly Notice[] }
  | { do: 'prune'; retention: Retention };

export interface PutDocument {
  do: 'putDocument';
  kind: DocumentKind;
  name: string;
  body: unknown;
  now: number;
  expected?: number;
  notices?: readonly Notice[];
  note?: ChangeNote;
}

export interface DeleteDocument {
  do: 'deleteDocument';
  kind: DocumentKind;
  name: string;
  now: number;
  expected?: number;
  note?: ChangeNote;
}

export type WriteOutcome = Written | { ok: false; error: unknown };

export interface Written {
  ok: true;
  value: unknown;
  /**
   * The value as JSON, where that text was made anyway; without the row's `told`, which is in `told`, and without the result of a task that
   * the request has brought.
   */
  text?: string;
  told?: string;
}
