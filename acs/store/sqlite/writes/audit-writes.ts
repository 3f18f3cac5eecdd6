// Entries of the audit, appended in the order of their chain.
import type { AuditEntry, AuditHead, Notice } from '../../records.ts';
import { auditMoved, jsonOf } from '../../text-checks.ts';
import type { Statements } from '../statements.ts';
import type { DeliveryWrites } from './delivery-writes.ts';

const HEAD =
  "SELECT json_extract(body, '$.seq') AS seq, json_extract(body, '$.hash') AS hash FROM audit ORDER BY pk DESC LIMIT 1";

/** The newest entry, if it is chained: entries of an older version come before all that are. */
export function auditHeadOf(statements: Statements): AuditHead | undefined {
  const found = statements.one<{ seq: number | null; hash: string | null }>(HEAD);
  return found?.seq ? { seq: found.seq, hash: found.hash ?? '' } : undefined;
}

/** @throws UserError 409 for which `isConflict` holds */
export function appendAudit(
  statements: Statements,
  deliveries: DeliveryWrites,
  { entries, notices }: { entries: readonly AuditEntry[]; notices: readonly Notice[] },
): void {
  const [first] = entries;
  if (first?.seq !== undefined && first.seq <= (auditHeadOf(statements)?.seq ?? 0)) throw auditMoved();
  for (const entry of entries)
    statements.run('INSERT INTO audit (time, body) VALUES (?, ?)', entry.time, jsonOf(entry));
  if (notices.length > 0) deliveries.add(deliveries.subscribers().address(notices, undefined, first?.time ?? 0));
}
