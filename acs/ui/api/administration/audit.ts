// Calls about the audit.
import type { Static } from 'typebox';
import type * as schemas from '../../../north/schemas/audit.ts';
import { call, type Query, urlOf } from '../call.ts';
import type { Page } from '../shapes.ts';

export interface AuditEntry {
  id: string;
  time: string;
  who: string;
  kind?: string;
  from?: string;
  what: string;
  target: string;
  status: number;
  code?: string;
  reason?: string;
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  suppressed?: number;
  seq?: number;
  hash?: string;
}

export type AuditReport = Static<typeof schemas.auditReport>;

/** Conditions on entries, all of which hold. */
export interface AuditSearch {
  who?: string | undefined;
  what?: string | undefined;
  target?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  refused?: boolean | undefined;
}

export const listAudit = async (
  search: AuditSearch,
  cursor: string | undefined,
  signal?: AbortSignal,
): Promise<Page<AuditEntry>> =>
  await call('GET', '/audit', { query: { ...(search as Query), limit: 100, cursor }, signal });

/** The address of all entries that fit, as CSV. */
export const auditCsvUrl = (search: AuditSearch): string => urlOf('/audit/csv', search as Query);

export const verifyAudit = async (signal?: AbortSignal): Promise<AuditReport> =>
  await call('GET', '/audit/verify', { signal });
