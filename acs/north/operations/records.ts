// Operations on the audit.

import { auditCsv, auditFilter } from '../audit-list.ts';
import { auditList } from '../lists/audit.ts';
import { answerList, csvHeaders } from '../lists/list.ts';
import type { Operation } from '../operation.ts';
import { ok } from '../operation.ts';
import { audit, auditExportQuery, auditQuery, auditReport } from '../schemas/audit.ts';

export const records: readonly Operation[] = [
  {
    name: 'listAudit',
    summary:
      'Lists who changed what through the API, newest first unless sorted: every request that could change something, refused ones too',
    method: 'GET',
    path: '/audit',
    role: 'admin',
    scope: 'fleet',
    parameters: 'shows-any',
    query: auditQuery,
    answers: { 200: audit },
    csv: true,
    run: async (input, context) => await answerList(input, auditList(input.query, context)),
  },
  {
    name: 'exportAudit',
    summary: 'Reads the audit as CSV, newest first, as long as the client reads',
    method: 'GET',
    path: '/audit/csv',
    role: 'admin',
    scope: 'fleet',
    parameters: 'shows-any',
    query: auditExportQuery,
    answers: { 200: 'bytes' },
    mediaType: 'text/csv',
    run: async ({ query }, { fleet, clock }) => {
      const { separator = ',' } = query as { separator?: string };
      return {
        bytes: auditCsv(fleet.audit.all(auditFilter(query, clock.now())), separator),
        headers: csvHeaders('audit'),
      };
    },
  },
  {
    name: 'verifyAudit',
    summary: 'Reads the whole audit and checks its chain: tells entries that were changed or removed',
    method: 'GET',
    path: '/audit/verify',
    role: 'admin',
    scope: 'fleet',
    parameters: 'shows-any',
    answers: { 200: auditReport },
    run: async (_input, { fleet }) => ok(await fleet.audit.verify()),
  },
];
