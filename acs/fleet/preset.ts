// What a preset is: the declarative document that operators write.
import type { WantedValue } from '../store/store.ts';

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
  /** What to do about settings that wait for a service restart. */
  restart?: 'now' | 'never';
}

type Written = string | number | boolean | WantedValue;

/** A wanted value as people write it: text, number, yes/no, or with its type. */
export function wantedOf(value: Written): WantedValue {
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
