// The audit as it is asked for: its filter, and its form as CSV.
import type { AuditQuery } from '../fleet/access/audit-trail.ts';
import type { AuditEntry } from '../store/records.ts';
import { timeAt } from './time-input.ts';

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

const columns = [
  ...['seq', 'time', 'who', 'kind', 'from', 'what', 'target', 'status', 'code', 'reason'],
  ...['before', 'after', 'suppressed', 'hash'],
] as const;

/** RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe. */
function cell(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param pages of entries, taken one after the other as they are sent */
export async function* auditCsv(
  pages: AsyncIterable<readonly AuditEntry[]>,
  separator: string,
): AsyncGenerator<Buffer> {
  yield Buffer.from(`${columns.join(separator)}\r\n`);
  for await (const entries of pages) {
    const lines = entries.map(entry => {
      const row: Query = { ...entry, time: new Date(entry.time).toISOString() };
      return `${columns.map(column => cell(row[column])).join(separator)}\r\n`;
    });
    if (lines.length > 0) yield Buffer.from(lines.join(''));
  }
}
