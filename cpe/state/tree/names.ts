// Script names of a unit's variables (`SipEp.Gateway[Name=default].SecurePort`) and their paths in its tree.
import type { ParameterDef } from '../../../shared/model/definitions.ts';
import { parentPath, withInstances } from '../../../shared/model/path.ts';
import type { Tree } from './tree.ts';

/** Rows of a table whose key columns have these values. @param table `Device.A.` */
export function rowsWith(tree: Tree, table: string, rowTemplate: string, keys: Record<string, string>): number[] {
  return tree.rows(table).filter(row =>
    Object.entries(keys).every(([column, value]) => {
      const def = tree.model.parameters.get(rowTemplate + column);
      return def !== undefined && tree.value(`${table}${row}.${column}`, { def, instances: [row] }) === value;
    }),
  );
}

/** Concrete path of a script name; undefined when the variable or its row does not exist. */
export function pathOfVariable(tree: Tree, name: string): string | undefined {
  const found = tree.model.variable(name);
  if (!found) return undefined;
  const { parameter, keys } = found;
  if (Object.keys(keys).length === 0) return parameter.path.includes('{i}') ? undefined : parameter.path;
  const rowTemplate = parentPath(parameter.path);
  const row = rowsWith(tree, rowTemplate.slice(0, -4), rowTemplate, keys)[0];
  return row === undefined ? undefined : withInstances(parameter.path, [row]);
}

/** Script name of a parameter at a path: with the values of its keys. Undefined where the model gives it none. */
export function variableAt(tree: Tree, def: ParameterDef, row: number | undefined): VariableName | undefined {
  const match = def.script ? /^([^[]+)(?:\[([^\]]*)\])?(?:\.(\w+))?$/.exec(def.script) : null;
  if (!match) return undefined;
  const columns = [...(match[2] ?? '').matchAll(/(?<!\w)(\w+)=/g)].map(key => key[1] ?? '');
  const rowPath = row === undefined ? '' : withInstances(parentPath(def.path), [row]);
  const keys = columns.map((column): [string, string] => {
    const key = tree.model.parameters.get(parentPath(def.path) + column);
    return [column, key && row !== undefined ? tree.value(rowPath + column, { def: key, instances: [row] }) : ''];
  });
  return { name: match[3] === undefined ? match[1]! : `${match[1]}.${match[3]}`, keys };
}

export interface VariableName {
  /** Without keys: `SipEp.Gateway.SecurePort`. */
  name: string;
  keys: [column: string, value: string][];
}
