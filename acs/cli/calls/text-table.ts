// Tables of text for a terminal. Pure.

/** A column: its heading, and its text in an entry. */
export type Column<T> = readonly [heading: string, text: (entry: T) => unknown];

const MAX_CELL = 60;

/** The text of a cell, without characters that would move the cursor. */
export function cellText(value: unknown): string {
  const text =
    value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text;

/** @param width columns of the terminal; undefined: nothing is cut */
export function tableOf<T>(columns: readonly Column<T>[], entries: readonly T[], width: number | undefined): string {
  const rows = [
    columns.map(([heading]) => heading),
    ...entries.map(entry =>
      columns.map(([, text]) => (width === undefined ? cellText(text(entry)) : cut(cellText(text(entry)), MAX_CELL))),
    ),
  ];
  const widths = columns.map((_column, at) => rows.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), 0));
  const lines = rows.map(row =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.map(line => `${width === undefined ? line : cut(line, width)}\n`).join('');
}

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const BAR = 30;

/** `[#####.....] 12 of 24`. */
export function progressBar(done: number, total: number): string {
  const filled = total === 0 ? 0 : Math.floor((BAR * Math.min(done, total)) / total);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${done} of ${total}`;
}
