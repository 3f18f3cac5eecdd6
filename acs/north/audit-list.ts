// The audit as it is asked for: its filter, and its form as CSV.
import type { AuditQuery } from '../fleet/access/audit-trail.ts';
import type { AuditEntry } from '../store/records.ts';
import { csvLines } from './lists/csv-writer.ts';
import { timeAt } from './time-input.ts';
import { iso } from './views/times.ts';

type Query = Record<string, unknown>;

/** @throws UserError 400 */
export function auditFilter(query: Query): Omit<AuditQuery, 'limit' | 'cursor'> {
  const text = (name: 'who' | 'what' | 'target'): Query => (query[name] === undefined ? {} : { [name]: query[name] });
  const time = (name: 'from' | 'to'): Query =>
    query[name] === undefined ? {} : { [name]: timeAt(`query.${name}`, query[name]) };
  return {
    ...text('who'),
    ...text('what'),
    ...text('target'),
    ...time('from'),
    ...time('to'),
    ...(query.refused === undefined ? {} : { refused: query.refused === true }),
  };
}

export const auditColumns = [
  ...['seq', 'time', 'who', 'kind', 'from', 'what', 'target', 'status', 'code', 'reason'],
  ...['before', 'after', 'suppressed', 'hash'],
] as const;

/** @param pages of entries, taken one after the other as they are sent */
export function auditCsv(pages: AsyncIterable<readonly AuditEntry[]>, separator: string): AsyncIterable<Buffer> {
  const rows = async function* (): AsyncGenerator<unknown[][]> {
    for await (const entries of pages)
      yield entries.map(entry => {
        const row: Query = { ...entry, time: iso(entry.time) };
        return auditColumns.map(column => row[column]);
      });
  };
  return csvLines(auditColumns, rows(), separator);
}
