// Variables as the console shows them: one in a line, a table in columns where it fits and else row by row.
import { formatName } from '../script/parse.ts';
import type { Unit } from '../services/service.ts';
import { variableAt } from '../state/tree/names.ts';

/** Rows of one listing. */
const MOST_ROWS = 500;

interface Listed {
  columns: string[];
  rows: { name: string; cells: string[] }[];
  /** Rows that are not listed. */
  more: number;
}

/** @returns undefined where there is no variable or table of that name */
export function listing(unit: Unit, name: string, width: number): string | undefined {
  const path = unit.config.pathOf(name);
  if (path !== undefined) return shown(unit.config.read(path)[0]?.Value ?? '');
  const table = tableNamed(unit, name);
  return table && tableText(table, width);
}

/** A value in one line: control characters are escaped. */
function shown(value: string): string {
  return value.replace(/[\p{Cc}\\]/gu, mark => {
    if (mark === '\\') return '\\\\';
    return mark === '\n' ? '\\n' : `\\x${mark.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

function tableNamed({ config, model }: Unit, name: string): Listed | undefined {
  const table = model.table(name);
  if (!table || table.path.split('{i}').length > 2) return undefined;
  const path = table.path.slice(0, -'{i}.'.length);
  const parameters = model.children(table.path).parameters.filter(def => !def.rowCommand);
  const rows = config.tree.rows(path);
  return {
    columns: parameters.map(def => def.name),
    rows: rows.slice(0, MOST_ROWS).map(row => ({
      name: rowName(config.tree, table.script ?? name, parameters[0], row),
      cells: parameters.map(def => shown(config.read(`${path}${row}.${def.name}`)[0]?.Value ?? '')),
    })),
    more: Math.max(0, rows.length - MOST_ROWS),
  };
}

/** `SipEp.Gateway[Name=default]` */
export function rowName(
  tree: Unit['config']['tree'],
  table: string,
  column: Parameters<typeof variableAt>[1] | undefined,
  row: number,
): string {
  const variable = column && variableAt(tree, column, row);
  return variable ? formatName(`${table}.`, variable.keys).slice(0, -1) : `${table} ${row}`;
}

function tableText({ columns, rows, more }: Listed, width: number): string {
  if (rows.length === 0) return `No rows. Columns: ${columns.join(' ')}`;
  const widths = columns.map((column, at) =>
    Math.max(column.length, ...rows.map(({ cells }) => cells[at]?.length ?? 0)),
  );
  const fits = widths.reduce((sum, one) => sum + one + 2, -2) <= width;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = fits
    ? [line(columns), line(widths.map(one => '-'.repeat(one))), ...rows.map(({ cells }) => line(cells))]
    : rows.flatMap(({ name, cells }) => [name, ...cells.map((cell, at) => `  ${columns[at]} = ${cell}`)]);
  return [...lines, ...(more > 0 ? [`… and ${more} rows more`] : [])].join('\n');
}
