// The audit as it is asked for: its filter, and its form as CSV.
import type { AuditQuery } from '../fleet/access/audit-trail.ts';
import { type RecordField, type RecordFields, recordTest } from '../query/record-filter.ts';
import type { AuditEntry } from '../store/records.ts';
import { csvLines } from './lists/csv-writer.ts';
import { timeAt } from './time-input.ts';
import { iso } from './views/times.ts';

type Query = Record<string, unknown>;

const text = (name: 'who' | 'kind' | 'from' | 'what' | 'target' | 'code' | 'reason'): RecordField<AuditEntry> => ({
  kind: 'text',
  of: entry => entry[name],
});

/** The fields of `filter`. */
const fields: RecordFields<AuditEntry> = {
  time: { kind: 'time', of: ({ time }) => time },
  who: text('who'),
  kind: text('kind'),
  from: text('from'),
  what: text('what'),
  target: text('target'),
  status: { kind: 'number', of: ({ status }) => status },
  code: text('code'),
  reason: text('reason'),
  seq: { kind: 'number', of: ({ seq }) => seq },
};

/** @throws UserError 400 */
export function auditFilter(query: Query, now: number): Omit<AuditQuery, 'limit' | 'cursor'> {
  const given = (name: 'who' | 'what' | 'target'): Query => (query[name] === undefined ? {} : { [name]: query[name] });
  const time = (name: 'from' | 'to'): Query =>
    query[name] === undefined ? {} : { [name]: timeAt(`query.${name}`, query[name]) };
  return {
    ...given('who'),
    ...given('what'),
    ...given('target'),
    ...time('from'),
    ...time('to'),
    ...(typeof query.filter === 'string' ? { test: entryTest(query.filter, now) } : {}),
    ...(query.sort === 'time' ? { isOldestFirst: true } : {}),
    ...(query.refused === undefined ? {} : { refused: query.refused === true }),
  };
}

function entryTest(filter: string, now: number): (entry: AuditEntry) => boolean {
  const test = recordTest(filter, fields);
  return entry => test(entry, now);
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
