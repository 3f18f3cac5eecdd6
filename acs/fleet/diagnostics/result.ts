// The result of a diagnostic, read from the values of its object: named numbers with units, and rows. What a device reports is foreign:
// texts are clipped, rows are bounded, and a number that cannot be read is null.
import { type DiagnosticKind, diagnostics, type Result, STATE } from './kinds.ts';

type Cell = string | number | null | (string | number | null)[];

export interface DiagnosticResult {
  /** As the device has reported it, such as `Complete` or `Error_CannotResolveHostName`. */
  diagnosticsState: string;
  values: Record<string, Cell>;
  rows?: ({ row: number } & Record<string, Cell>)[];
  /** Rows beyond the most that are shown. */
  omitted?: number;
  units: Record<string, string>;
}

const MAX_ROWS = 256;
const MAX_TEXT = 256;
const MAX_LIST = 64;

/** @param list the values at and below `path`, as the device reported them */
export function resultOf(
  kind: DiagnosticKind,
  path: string,
  list: readonly { Name: string; Value: string }[],
): DiagnosticResult {
  const { results, rows: table } = diagnostics[kind];
  const reported = new Map(list.map(({ Name, Value }) => [Name, Value]));
  const values = { ...cellsOf(results, path, reported), ...derived(kind, path, reported) };
  const found: DiagnosticResult = {
    diagnosticsState: clipped(reported.get(path + STATE) ?? ''),
    values,
    units: unitsOf([...results, ...(table?.columns ?? [])], kind),
  };
  if (!table) return found;
  const rows = rowsOf(path + table.table, reported.keys());
  found.rows = rows.slice(0, MAX_ROWS).map(row => ({
    row,
    ...cellsOf(table.columns, `${path}${table.table}${row}.`, reported),
  }));
  if (rows.length > MAX_ROWS) found.omitted = rows.length - MAX_ROWS;
  return found;
}

const unitsOf = (results: readonly Result[], kind: DiagnosticKind): Record<string, string> =>
  Object.fromEntries([
    ...results.flatMap(({ name, unit }) => (unit === undefined ? [] : [[name, unit] as const])),
    ...Object.entries(derivedUnits[kind] ?? {}),
  ]);

/** The instances of a table, in order. */
function rowsOf(table: string, names: Iterable<string>): number[] {
  const found = new Set<number>();
  for (const name of names) {
    const digits = name.startsWith(table) ? /^\d{1,9}(?=\.)/.exec(name.slice(table.length))?.[0] : undefined;
    if (digits !== undefined) found.add(Number(digits));
  }
  return [...found].sort((a, b) => a - b);
}

function cellsOf(
  results: readonly Result[],
  path: string,
  reported: ReadonlyMap<string, string>,
): Record<string, Cell> {
  const cells: Record<string, Cell> = {};
  for (const { name, parameters, type } of results) {
    const text = parameters.map(parameter => reported.get(path + parameter)).find(value => value !== undefined);
    if (text !== undefined) cells[name] = cellOf(type, text);
  }
  return cells;
}

function cellOf(type: Result['type'], text: string): Cell {
  if (type === 'number') return numberIn(text);
  if (type === 'text') return clipped(text);
  if (type === 'time') return timeIn(text) === undefined ? null : text;
  const parts = text.trim() === '' ? [] : text.split(',').slice(0, MAX_LIST);
  return parts.map(part => (type === 'numbers' ? numberIn(part) : clipped(part.trim())));
}

const clipped = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
const numberIn = (text: string): number | null => (/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : null);

/** @returns microseconds since 1970; undefined for the unknown time (TR-069 3.2.5) and for what is no time */
function timeIn(text: string): number | undefined {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  const ms = Date.parse(`${found?.[1] ?? ''}${found?.[3] ?? 'Z'}`);
  if (!found || Number.isNaN(ms) || ms <= 0) return undefined;
  return ms * 1000 + Number((found[2] ?? '').padEnd(6, '0').slice(0, 6));
}

const derivedUnits: Partial<Record<DiagnosticKind, Record<string, string>>> = {
  ping: { loss: '%' },
  download: { connectTime: 'ms', transferTime: 'ms', rate: 'bit/s' },
  upload: { connectTime: 'ms', transferTime: 'ms', rate: 'bit/s' },
};

/** Values that follow from others: the share of lost packets, and the pace of a transfer (TR-143 4.3). */
function derived(kind: DiagnosticKind, path: string, reported: ReadonlyMap<string, string>): Record<string, Cell> {
  const number = (name: string): number | undefined => numberIn(reported.get(path + name) ?? '') ?? undefined;
  if (kind === 'ping') {
    const [good, bad] = [number('SuccessCount'), number('FailureCount')];
    if (good === undefined || bad === undefined || good + bad === 0) return {};
    return { loss: Math.round((1000 * bad) / (good + bad)) / 10 };
  }
  if (kind !== 'download' && kind !== 'upload') return {};
  const between = (from: string, to: string): number | undefined => {
    const [began, ended] = [timeIn(reported.get(path + from) ?? ''), timeIn(reported.get(path + to) ?? '')];
    return began === undefined || ended === undefined || ended < began ? undefined : ended - began;
  };
  const found: Record<string, Cell> = {};
  const connected = between('TCPOpenRequestTime', 'TCPOpenResponseTime');
  const transfer = between('BOMTime', 'EOMTime');
  if (connected !== undefined) found.connectTime = connected / 1000;
  if (transfer !== undefined) found.transferTime = transfer / 1000;
  const bytes =
    kind === 'download'
      ? (number('TestBytesReceived') ?? number('TotalBytesReceived'))
      : (number('TestBytesSent') ?? number('TotalBytesSent'));
  if (bytes !== undefined && transfer) found.rate = Math.round((bytes * 8_000_000) / transfer);
  return found;
}
