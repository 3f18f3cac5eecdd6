// Reads of a unit's parameters in the forms that an ACS may use: full name, partial path, aliases and wildcards.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterInfo, ParameterValue } from '../../../shared/cwmp/methods.ts';
import { type ParameterDef, xsdType } from '../../../shared/model/definitions.ts';
import { isPartial } from '../../../shared/model/path.ts';
import { UNKNOWN_TIME } from '../../../shared/model/values.ts';
import { expandPath, shownPath } from './alias.ts';
import { rowsChangeable } from './rows.ts';
import type { Found, Tree } from './tree.ts';
import { level, nodes, walk } from './walk.ts';

/** @throws CwmpFault 9005 */
export function mustFind(tree: Tree, path: string): Found {
  const found = tree.find(path);
  if (!found) throw new CwmpFault(9005, `${path} does not exist`);
  return found;
}

/** @param path ends with a dot, or is '' for all. @throws CwmpFault 9005 */
export function mustFindObject(tree: Tree, path: string): void {
  if (path !== '' && !tree.findObject(path)) throw new CwmpFault(9005, `${path} does not exist`);
}

/** Reads every concrete path behind one with aliases and wildcards. @throws CwmpFault 9005 */
export function readEach<T>(tree: Tree, path: string, read: (concrete: string) => T[]): T[] {
  const paths = expandPath(tree, path);
  if (!paths) throw new CwmpFault(9005, `${path} does not exist`);
  return paths.length === 1 ? read(paths[0] ?? '') : paths.flatMap(read);
}

/** GetParameterValues, TR-069 A.3.2.2; hidden values (passwords) read back empty. @throws CwmpFault 9005 */
export function readValues(tree: Tree, path: string): ParameterValue[] {
  return readEach(tree, path, concrete => {
    if (!isPartial(concrete)) return [valueAt(tree, concrete, mustFind(tree, concrete))];
    mustFindObject(tree, concrete);
    return Array.from(walk(tree, concrete), node => valueAt(tree, node.path, node));
  });
}

/** TR-106 A.2.3: a hidden value reads back as null or its equivalent, which is a value of its type. */
function hiddenValue(type: ParameterDef['type']): string {
  if (type === 'boolean' || /int|long/i.test(type)) return '0';
  return type === 'dateTime' ? UNKNOWN_TIME : '';
}

function valueAt(tree: Tree, path: string, found: Found): ParameterValue {
  const value = found.def.hidden ? hiddenValue(found.def.type) : tree.value(path, found);
  return { Name: path, Value: value, Type: xsdType(found.def) };
}

/** GetParameterNames, TR-069 A.3.2.3. @throws CwmpFault 9003, 9005 */
export function readNames(tree: Tree, path: string, nextLevel: boolean): ParameterInfo[] {
  return readEach(tree, path, concrete => namesAt(tree, concrete, nextLevel));
}

function namesAt(tree: Tree, path: string, nextLevel: boolean): ParameterInfo[] {
  if (!isPartial(path)) {
    const found = mustFind(tree, path);
    if (nextLevel) throw new CwmpFault(9003, `${path} is a parameter: it has no next level`);
    return [{ Name: path, Writable: found.def.writable }];
  }
  mustFindObject(tree, path);
  const below = Array.from(nextLevel ? level(tree, path) : nodes(tree, path), node => ({
    Name: node.path,
    Writable: isWritable(tree, node.path, node.def.writable),
  }));
  const self = path === '' || nextLevel ? [] : [{ Name: path, Writable: isWritable(tree, path, false) }];
  return [...self, ...below];
}

/** A table is writable when rows can be added, a row when it can be deleted; other objects never (TR-069 A.3.2.3). */
function isWritable(tree: Tree, path: string, parameterWritable: boolean): boolean {
  if (!isPartial(path)) return parameterWritable;
  const found = tree.findObject(path);
  return found !== undefined && found.kind !== 'object' && rowsChangeable(tree, found.def.path);
}

/** A concrete path as the ACS wants to read it: with aliases where ManagementServer.InstanceMode says so (TR-181). */
export function nameForAcs(tree: Tree, path: string): string {
  const mode = `${tree.model.root}ManagementServer.InstanceMode`;
  const found = tree.find(mode);
  return found && tree.value(mode, found) === 'InstanceAlias' ? shownPath(tree, path) : path;
}
