// Rows of tables: adding and deleting them, and the values of a new row.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ObjectDef, ParameterDef } from '../../../shared/model/definitions.ts';
import { templateOf } from '../../../shared/model/path.ts';
import { checkValue } from '../../../shared/model/values.ts';
import { knowsAliases, resolveAliases } from './alias.ts';
import type { Draft } from './draft.ts';
import { valueIn } from './keys.ts';
import type { Tree } from './tree.ts';

/** Rows of one table where the model sets no limit: our choice, above the size of any table of the family. */
const MAX_ROWS = 1000;

/** Values by the names of columns, in any case. */
export type Columns = Readonly<Record<string, string>>;

/** @param rowTemplate `Device.A.{i}.` */
export function rowsChangeable(tree: Tree, rowTemplate: string): boolean {
  const def = tree.model.objects.get(rowTemplate);
  return def?.writable === true && !def.fixed && !tree.index.leaders.has(rowTemplate.slice(0, -4));
}

/**
 * Adds a row by the path of an AddObject: `Table.` or, with an alias for the new row, `Table.[Alias].` (TR-069 A.3.2.6).
 * @throws CwmpFault 9005 no such table, or one whose rows are fixed; 9004 full; 9003 with one entry for each wrong column
 */
export function insertNamedRow(draft: Draft, path: string, columns: Columns): number {
  if (!knowsAliases(draft.model)) return insertRow(draft, path, columns);
  // The path before the alias of the new row may hold aliases itself.
  const named = /^(.*\.)\[([^[\]]*)\]\.$/.exec(path);
  const table = resolveAliases(draft, named?.[1] ?? path);
  if (table === undefined) throw new CwmpFault(9005, `${path} does not exist`);
  return insertRow(draft, table, { ...(named && { Alias: named[2] ?? '' }), ...columns });
}

/**
 * Adds a row with values for its columns: also for key columns, which cannot be changed later.
 * @param table concrete table path: `Device.A.`
 * @returns its instance number
 * @throws CwmpFault as insertNamedRow
 */
export function insertRow(draft: Draft, table: string, columns: Columns): number {
  const def = growable(draft, table);
  const instance = draft.addRow(table);
  const given = new Map(Object.entries(columns).map(([name, value]) => [name.toLowerCase(), { name, value }]));
  const fill = keyDefaults(draft, table, def, instance);
  const problems: { name: string; code: number; message: string }[] = [];
  for (const column of draft.model.children(def.path).parameters) {
    const value = given.get(column.name.toLowerCase())?.value ?? fill.get(column.name);
    given.delete(column.name.toLowerCase());
    if (value === undefined) continue;
    const path = `${table}${instance}.${column.name}`;
    const checked = checkValue(column, value);
    if (checked.ok) draft.put(path, { def: column, instances: templateOf(path).instances }, checked.value);
    else
      problems.push({
        name: path,
        code: checked.code,
        message: column.hidden ? 'the value does not fit' : checked.message,
      });
  }
  for (const { name } of given.values()) problems.push({ name, code: 9005, message: `${table} has no column ${name}` });
  if (problems.length > 0) throw new CwmpFault(9003, undefined, problems);
  return instance;
}

/** The definition of the rows of a table that takes one more. @throws CwmpFault 9004, 9005 */
function growable(draft: Draft, table: string): ObjectDef {
  const found = draft.findObject(table);
  if (found?.kind !== 'table') throw new CwmpFault(9005, `${table} is not a table`);
  const { def } = found;
  if (!rowsChangeable(draft, def.path)) throw new CwmpFault(9005, `rows of ${table} cannot be added`);
  if (draft.rows(table).length >= Math.min(def.maxEntries, MAX_ROWS)) throw new CwmpFault(9004, `${table} is full`);
  return def;
}

/** Values for key columns of a new row that were not given: numbers count on, names are made unique. */
function keyDefaults(draft: Draft, table: string, row: ObjectDef, instance: number): Map<string, string> {
  const out = new Map<string, string>();
  const last = templateOf(table).template.split('.').at(-2) ?? 'row';
  for (const key of row.keys) {
    const def = draft.model.parameters.get(row.path + key);
    // A row's alias follows from its number until the ACS gives it another.
    if (!def || (key === 'Alias' && knowsAliases(draft.model))) continue;
    const others = draft.rows(table).filter(other => other !== instance);
    const used = others.map(other => valueIn(draft, `${table}${other}.${key}`));
    if (isNumeric(def)) out.set(key, String(Math.max(Number(def.min ?? 1) - 1, 0, ...used.map(Number)) + 1));
    else if (def.type === 'string' && !def.enumeration) out.set(key, freeName(last, instance, used));
  }
  return out;
}

/** `Gateway2`, or with a higher number where that is taken. */
function freeName(stem: string, number: number, used: readonly string[]): string {
  const name = `${stem}${number}`;
  return used.includes(name) ? freeName(stem, number + 1, used) : name;
}

const isNumeric = (def: ParameterDef): boolean => /^(unsigned)?(int|long)$/i.test(def.type);

/** Deletes a row, TR-069 A.3.2.7. @param path ends with a dot, and may hold aliases. @throws CwmpFault 9005 */
export function deleteRow(draft: Draft, path: string): void {
  const concrete = resolveAliases(draft, path) ?? path;
  const found = draft.findObject(concrete);
  if (found?.kind !== 'row') throw new CwmpFault(9005, `${concrete} is not a row`);
  if (!rowsChangeable(draft, found.def.path)) throw new CwmpFault(9005, `${concrete} cannot be deleted`);
  draft.removeRow(concrete);
}
