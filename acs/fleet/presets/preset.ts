// The preset: a declarative document that operators write.
import type { WrittenValue } from '../common/wanted-values.ts';

/** Takes the place of a preset's name where an override of the device wins. No preset has this name. */
export const OVERRIDE = 'override';

/** Rows that a table must hold, matched by their key columns. */
export interface WantedObjects {
  /** Columns that identify a row. */
  keys: string[];
  rows: Record<string, string | number | boolean>[];
  /** Rows that are not listed are deleted. */
  exclusive?: boolean;
}

/** The texts of `set` and of rows may hold variables (variables.ts). */
export interface Preset {
  /** A filter over lasting properties of the device; default: all devices. */
  when?: string;
  /** Higher wins; equal weights go by name. */
  weight?: number;
  set?: Record<string, WrittenValue>;
  /** By table path, with its final dot. */
  objects?: Record<string, WantedObjects>;
  /** Names of stored files. */
  certificates?: string[];
  script?: string;
  firmware?: string;
  /** The time of a restart that settings wait for: at once, when no call is active, or never (default). */
  restart?: 'now' | 'idle' | 'never';
  /** The reaction to a value that differs from the wanted one; default: `correct`. */
  drift?: 'correct' | 'report';
  /** The interval of drift checks, as `24h`; absent: only after events that can change values. */
  audit?: string;
  /** Options for a move to another ACS, where the preset wants another URL. */
  acsMove?: AcsMove;
}

export interface AcsMove {
  /** Moves devices even where no ACS answers there or the device has no way back. */
  force?: boolean;
  /** The time after which the device returns by itself, unless its arrival is confirmed; default: `30m`. */
  returnAfter?: string;
}

const MOVE_MS = 30 * 60_000;
/** The milliseconds of `returnAfter`. */
export const moveMsOf = (text: string | undefined): number =>
  (text === undefined ? undefined : auditMsOf(text)) ?? MOVE_MS;

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 24 * 3_600_000 };
const LEAST_AUDIT_MS = 5 * 60_000;
const MOST_AUDIT_MS = 366 * 24 * 3_600_000;

/** Reads a duration such as `30m`, `24h` or `7d` as milliseconds; undefined unless it is from five minutes to 366 days. */
export function auditMsOf(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * (units[unit] ?? 0);
  return ms >= LEAST_AUDIT_MS && ms <= MOST_AUDIT_MS ? ms : undefined;
}

/** The wanted value with its text mapped by `change`. */
const withText = <T extends WrittenValue>(wanted: T, change: (text: string) => string): T => {
  if (typeof wanted === 'object') return { ...wanted, value: change(wanted.value) };
  return typeof wanted === 'string' ? (change(wanted) as T) : wanted;
};

/** The path of a text that `mapPreset` maps: a row of a table stands for all of them. */
export const pathOf = (path: string, table?: string): string => (table === undefined ? path : `${table}1.${path}`);

/** The preset with each wanted text mapped by `change`, which gets the path or the column, table and row of the text. */
export function mapPreset(
  preset: Preset,
  change: (path: string, text: string, table?: string, row?: number) => string,
): Preset {
  const next: Preset = { ...preset };
  if (preset.set)
    next.set = Object.fromEntries(
      Object.entries(preset.set).map(([path, wanted]) => [path, withText(wanted, text => change(path, text))]),
    );
  if (preset.objects)
    next.objects = Object.fromEntries(
      Object.entries(preset.objects).map(([table, wanted]) => {
        const rows = wanted.rows.map((row, index) =>
          Object.fromEntries(
            Object.entries(row).map(([column, value]) => [
              column,
              withText(value, text => change(column, text, table, index)),
            ]),
          ),
        );
        return [table, { ...wanted, rows }];
      }),
    );
  return next;
}
