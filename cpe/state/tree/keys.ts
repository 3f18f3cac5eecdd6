// Keys of rows: script names address rows by them, so no two rows of a table have the same. The refusal of a second one is ours: the
// vendor publishes no text for it.
import type { ObjectDef } from '../../../shared/model/definitions.ts';
import { parentPath, tableOf, templateOf } from '../../../shared/model/path.ts';
import type { Problem } from '../changes.ts';
import type { Draft } from './draft.ts';
import type { Tree } from './tree.ts';

/** Reports each key that a draft puts and that another row has, with 9007. Rows that follow those of another table have its keys. */
export function checkKeys(draft: Draft, problem: Problem): void {
  const tables = new Map<string, string[]>();
  for (const path of draft.touched.keys()) {
    const { template } = templateOf(path);
    const parameter = draft.model.parameters.get(template);
    const row = draft.model.objects.get(parentPath(template));
    if (!parameter?.key || !row?.script || draft.index.leaders.has(tableOf(row.path))) continue;
    const rowPath = parentPath(path);
    const table = parentPath(rowPath);
    const all = tables.get(table) ?? draft.rows(table).map(number => keyOf(draft, row, `${table}${number}.`));
    tables.set(table, all);
    const own = keyOf(draft, row, rowPath);
    if (all.filter(key => key === own).length > 1) problem(path, 9007, `${row.script} has a row with ${own} already`);
  }
}

/** `Name=default`. @param path of the row */
const keyOf = (tree: Tree, row: ObjectDef, path: string): string =>
  row.keys.map(column => `${column}=${JSON.stringify(valueIn(tree, path + column))}`).join(' ');

/** The value at a path; '' where it does not exist. */
export function valueIn(tree: Tree, path: string): string {
  const found = tree.find(path);
  return found ? tree.value(path, found) : '';
}
