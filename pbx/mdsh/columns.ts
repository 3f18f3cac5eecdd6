// Prints in columns: a heading, then one line for each row.
import { mapInTurns } from '../../shared/turns.ts';

/** Rows that are worked on without a break. */
const PORTION = 1000;

/** Rows of all the same length; the width of a column is that of its widest cell. */
export async function columns(heading: readonly string[], rows: readonly (readonly string[])[]): Promise<string[]> {
  const widths = heading.map(cell => cell.length);
  await mapInTurns(rows, PORTION, row => {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  });
  return await mapInTurns([heading, ...rows], PORTION, row =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

export const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

/** An empty cell, so that columns can be counted. */
export const cell = (value: string | number | undefined): string => {
  const text = value === undefined ? '' : String(value).replace(/[\u0000-\u0020\u007f-\u009f]/g, '_');
  return text === '' ? '-' : text;
};
