// What a preset is: the declarative document that operators write.
import type { WantedValue } from '../../device/desired-state.ts';

/** What stands as the preset's name where a device's own override wins. No preset has it. */
export const OVERRIDE = 'override';

/** Rows that a table must hold, matched by their key columns. */
export interface WantedObjects {
  /** Columns that make two rows the same one. */
  keys: string[];
  rows: Record<string, string | number | boolean>[];
  /** Rows that are not listed are deleted. */
  exclusive?: boolean;
}

/** Texts of `set` and of rows may hold variables (variables.ts). */
export interface Preset {
  /** Filter over what the device durably is; absent: every device. */
  when?: string;
  /** Higher wins; equal weights go by name. */
  weight?: number;
  set?: Record<string, string | number | boolean | WantedValue>;
  /** By table path, with its final dot. */
  objects?: Record<string, WantedObjects>;
  /** Names of stored files. */
  certificates?: string[];
  script?: string;
  firmware?: string;
  /** When to restart what settings wait for: at once, when no call is up, or never (unless told). */
  restart?: 'now' | 'idle' | 'never';
  /** What to do where a value is found otherwise than wanted; `correct` unless told. */
  drift?: 'correct' | 'report';
  /** How often it is looked after whether all still holds: `24h`. Absent: when something gives reason to. */
  audit?: string;
  /** How a device is sent to another ACS, where the preset wants another URL. */
  acsMove?: AcsMove;
}

export interface AcsMove {
  /** Also where no ACS answers there, or the device has no way back. */
  force?: boolean;
  /** It comes back by itself after so long, unless somebody says that it arrived: `30m` unless told. */
  returnAfter?: string;
}

const MOVE_MS = 30 * 60_000;
export const moveMsOf = (text: string | undefined): number =>
  (text === undefined ? undefined : auditMsOf(text)) ?? MOVE_MS;

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 24 * 3_600_000 };
const LEAST_AUDIT_MS = 5 * 60_000;
const MOST_AUDIT_MS = 366 * 24 * 3_600_000;

/** Milliseconds of `30m`, `24h`, `7d`; undefined for what is no time from five minutes to a year. */
export function auditMsOf(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * (units[unit] ?? 0);
  return ms >= LEAST_AUDIT_MS && ms <= MOST_AUDIT_MS ? ms : undefined;
}

type Written = string | number | boolean | WantedValue;

/** A wanted value as people write it: text, number, yes/no, or with its type. */
export function wantedValue(value: Written): WantedValue {
  if (typeof value === 'object') return value;
  if (typeof value === 'boolean') return { value: value ? '1' : '0' };
  return { value: String(value) };
}

/** A wanted value whose text is put through `change`. */
const changed = <T extends Written>(wanted: T, change: (text: string) => string): T => {
  if (typeof wanted === 'object') return { ...wanted, value: change(wanted.value) };
  return typeof wanted === 'string' ? (change(wanted) as T) : wanted;
};

/** The preset with each wanted text put through `change`, told what it is the value of. */
export function mapPreset(
  preset: Preset,
  change: (path: string, text: string, table?: string, row?: number) => string,
): Preset {
  const next: Preset = { ...preset };
  if (preset.set)
    next.set = Object.fromEntries(
      Object.entries(preset.set).map(([path, wanted]) => [path, changed(wanted, text => change(path, text))]),
    );
  if (preset.objects)
    next.objects = Object.fromEntries(
      Object.entries(preset.objects).map(([table, wanted]) => {
        const rows = wanted.rows.map((row, index) =>
          Object.fromEntries(
            Object.entries(row).map(([column, value]) => [
              column,
              changed(value, text => change(column, text, table, index)),
            ]),
          ),
        );
        return [table, { ...wanted, rows }];
      }),
    );
  return next;
}
