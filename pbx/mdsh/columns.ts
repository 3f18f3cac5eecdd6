// Prints in columns: a heading, then one line for each row.
import { mapInTurns } from '../../shared/turns.ts';

/** Rows that are worked on without a break. */
const PORTION = 500;

/** A line for each item; the width of a column is that of its widest cell. */
export async function columns<T>(
  heading: readonly string[],
  items: readonly T[],
  cellsOf: (item: T) => readonly string[],
): Promise<string[]> {
  const widths = heading.map(text => text.length);
  const rows = await mapInTurns(items, PORTION, item => {
    const cells = cellsOf(item);
    for (const [at, text] of cells.entries()) widths[at] = Math.max(widths[at] ?? 0, text.length);
    return cells;
  });
  return await mapInTurns([heading, ...rows], PORTION, cells =>
    cells
      .map((text, at) => text.padEnd(widths[at] ?? 0))
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
