// The plan for one table: the rows that it must hold, compared with those that the device has.
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { WantedTable } from '../presets/desired.ts';

export interface PlannedRow {
  /** Instance of the device's row with the same keys; absent where the row is to be added. */
  instance?: string;
  /** Columns that differ. */
  set: { column: string; value: string; found?: string }[];
}

export interface TablePlan {
  rows: PlannedRow[];
  /** Instances that an exclusive table must not have. */
  surplus: string[];
}

/**
 * @param current values of the device, by path
 * @param before the instances that the table had when rows were last added, in a session that was lost: later ones are our rows, unfilled
 */
export function planTable(
  { table, wanted }: WantedTable,
  current: ReadonlyMap<string, ParameterValue>,
  before?: readonly string[],
): TablePlan {
  const instances = instancesOf(table, current);
  const matched = new Set<string>();
  const byKeys = wanted.rows.map(row => {
    const found = [...instances].find(
      ([instance, columns]) =>
        !matched.has(instance) && wanted.keys.every(key => columns.get(key) === lexical(row[key])),
    );
    if (found) matched.add(found[0]);
    return found;
  });
  const unfilled = before
    ? [...instances].filter(([instance]) => !matched.has(instance) && !before.includes(instance))
    : [];
  const rows = wanted.rows.map((row, index): PlannedRow => {
    const found = byKeys[index] ?? unfilled.shift();
    if (found) matched.add(found[0]);
    const set = Object.entries(row).flatMap(([column, value]) => {
      const [text, has] = [lexical(value), found?.[1].get(column)];
      return has === text ? [] : [{ column, value: text, ...(has === undefined ? {} : { found: has }) }];
    });
    return { ...(found ? { instance: found[0] } : {}), set };
  });
  const surplus = wanted.exclusive ? [...instances.keys()].filter(instance => !matched.has(instance)) : [];
  return { rows, surplus };
}

export function instancesOf(
  table: string,
  current: ReadonlyMap<string, ParameterValue>,
): Map<string, Map<string, string>> {
  const instances = new Map<string, Map<string, string>>();
  for (const { Name, Value } of current.values()) {
    if (!Name.startsWith(table)) continue;
    const [instance, column] = Name.slice(table.length).split('.');
    if (!instance || !column) continue;
    const columns = instances.get(instance) ?? new Map<string, string>();
    instances.set(instance, columns.set(column, Value));
  }
  return instances;
}

export const lexical = (value: string | number | boolean | undefined): string =>
  typeof value === 'boolean' ? (value ? '1' : '0') : String(value ?? '');
