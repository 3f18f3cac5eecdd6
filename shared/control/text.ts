// Answers of a program as text for a terminal.

const cell = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return printable(String(value));
  return printable(
    Object.entries(value)
      .map(([name, inner]) => `${name}=${String(inner)}`)
      .join(' '),
  );
};

/** Devices choose some of the values: they steer no terminal. */
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');

/** A list as a table with its field names on top, an object as `name  value` lines. */
export function asText(result: unknown): string {
  if (!Array.isArray(result)) {
    const rows = Object.entries(result ?? {}).map(([name, value]) => [name, cell(value)]);
    return columns(rows);
  }
  if (result.length === 0) return 'none';
  const names = [...new Set(result.flatMap((item: object) => Object.keys(item)))];
  return columns([names, ...result.map((item: Record<string, unknown>) => names.map(name => cell(item[name])))]);
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map(row => row[at]?.length ?? 0)));
  return rows
    .map(row =>
      row
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
