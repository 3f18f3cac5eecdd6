// Prints in columns: a heading, then one line for each row, numbers as they are.

/** Rows of all the same length; the width of a column is that of its widest cell. */
export function columns(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heading.map((cell, at) => rows.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), cell.length));
  return [heading, ...rows].map(row =>
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
