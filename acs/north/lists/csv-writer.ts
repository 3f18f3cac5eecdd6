// CSV out (RFC 4180): a header line, CRLF, quotes where they are needed; no cell is a formula to a spreadsheet.
import { Turns } from '../../../shared/turns.ts';

export const separators = [',', ';'] as const;
export type Separator = (typeof separators)[number];

/** Characters that are written without a break: a few milliseconds. */
const PORTION = 128 * 1024;

/** @param pages of rows, taken one after the other as they are sent */
export async function* csvLines(
  columns: readonly string[],
  pages: AsyncIterable<readonly (readonly unknown[])[]>,
  separator: string,
): AsyncGenerator<Buffer> {
  const turns = new Turns(PORTION);
  yield Buffer.from(lineOf(columns, separator));
  for await (const rows of pages) {
    const lines: string[] = [];
    for (const row of rows) {
      const line = lineOf(row, separator);
      lines.push(line);
      await turns.spent(line.length);
    }
    if (lines.length > 0) yield Buffer.from(lines.join(''));
  }
}

const lineOf = (cells: readonly unknown[], separator: string): string => `${cells.map(cellText).join(separator)}\r\n`;

/** A text that a spreadsheet would take for a formula gets an apostrophe in front; a negative number is none. */
function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-\d{1,15}(\.\d{1,15})?$/.test(text) ? `'${text}` : text;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
