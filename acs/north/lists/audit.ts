// The list of the audit.
import type { AuditEntry } from '../../store/records.ts';
import { auditColumns, auditFilter } from '../audit-list.ts';
import type { CallContext } from '../operation.ts';
import { auditView } from '../views/core.ts';
import { isFieldOf } from './fields.ts';
import type { List } from './list.ts';

/** The number of entries beyond which counting ends: the total is a lower bound then, and `exact` is false. */
const MOST = 100_000;

/** @throws UserError 400 for a bad time or filter */
export function auditList(query: Record<string, unknown>, { fleet, clock }: CallContext): List<AuditEntry> {
  const filter = auditFilter(query, clock.now());
  return {
    name: 'audit',
    columns: auditColumns,
    limit: 100,
    isField: isFieldOf([...auditColumns, 'id', 'prev', 'detail']),
    page: async ({ limit, cursor }) =>
      await fleet.audit.list({ ...filter, limit, ...(cursor === undefined ? {} : { cursor }) }),
    count: async () => {
      let total = 0;
      for await (const { length } of fleet.audit.all(filter)) {
        total += length;
        if (total > MOST) break;
      }
      return { total, exact: total <= MOST, countedAt: clock.now() };
    },
    view: auditView,
  };
}
