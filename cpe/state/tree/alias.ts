// Aliases and wildcards in paths (TR-069 3.6.1, A.3.2.2; TR-181 ManagementServer.AliasBasedAddressing): an ACS may use them in place of
// instance numbers. All other files know numbers only.
import type { Model } from '../../../shared/model/definitions.ts';
import { isPartial, parsePath, templateOf } from '../../../shared/model/path.ts';
import type { Problem } from '../changes.ts';
import type { Draft } from './draft.ts';
import type { Tree } from './tree.ts';

const COLUMN = 'Alias';

/** Aliases work in a model that has AliasBasedAddressing; others (the DGW's) know numbers only. */
export const knowsAliases = (model: Model): boolean =>
  model.parameters.has(`${model.root}ManagementServer.AliasBasedAddressing`);

const knowsWildcards = (model: Model): boolean =>
  model.parameters.has(`${model.root}ManagementServer.InstanceWildcardsSupported`);

const isPlain = (path: string): boolean => !/[[*]/.test(path);

function aliasOf(tree: Tree, table: string, rowTemplate: string, row: number): string | undefined {
  const def = tree.model.parameters.get(rowTemplate + COLUMN);
  const path = `${table}${row}.${COLUMN}`;
  return def && tree.value(path, { def, instances: templateOf(path).instances });
}

function rowWithAlias(tree: Tree, table: string, alias: string): number | undefined {
  const found = tree.findObject(table);
  if (found?.kind !== 'table') return undefined;
  return tree.rows(table).find(row => aliasOf(tree, table, found.def.path, row) === alias);
}

/**
 * The concrete path behind one with aliases; undefined when a row does not exist.
 * @param create makes a missing row (AutoCreateInstances) and returns its number
 */
export function resolveAliases(
  tree: Tree,
  path: string,
  create?: (table: string, alias: string) => number,
): string | undefined {
  if (isPlain(path)) return path;
  const parsed = knowsAliases(tree.model) ? parsePath(path) : undefined;
  if (!parsed) return undefined;
  let at = '';
  for (const node of parsed.nodes) {
    if (node.kind === 'name') at += `${node.name}.`;
    else if (node.kind === 'instance') at += `${node.number}.`;
    else if (node.kind === 'alias') {
      const row = rowWithAlias(tree, at, node.alias) ?? create?.(at, node.alias);
      if (row === undefined) return undefined;
      at += `${row}.`;
    } else return undefined;
  }
  return parsed.partial ? at : at.slice(0, -1);
}

/** All concrete paths behind one with aliases and wildcards, for reading; undefined when the path does not fit the model. */
export function expandPath(tree: Tree, path: string): string[] | undefined {
  if (isPlain(path)) return [path];
  const star = path.indexOf('*');
  if (star < 0) {
    const found = resolveAliases(tree, path);
    return found === undefined ? undefined : [found];
  }
  if (!knowsWildcards(tree.model) || path[star - 1] !== '.' || path[star + 1] !== '.') return undefined;
  const table = resolveAliases(tree, path.slice(0, star));
  if (table === undefined || tree.findObject(table)?.kind !== 'table') return undefined;
  const rest = path.slice(star + 1);
  // The pattern must fit the model even where the table has no row.
  const template = templateOf(`${table}1${rest}`.replace(/\*|\[[^[\]]*\]/g, '1')).template;
  const known = isPartial(rest)
    ? tree.index.tables.has(template) || tree.model.objects.has(template)
    : tree.model.parameters.has(template);
  if (!known) return undefined;
  return tree.rows(table).flatMap(row => expandPath(tree, `${table}${row}${rest}`) ?? []);
}

/** A path as the ACS wants to read it: TR-181 ManagementServer.InstanceMode. */
export function shownPath(tree: Tree, path: string): string {
  const { template, instances } = templateOf(path);
  if (instances.length === 0) return path;
  let shown = '';
  let concrete = '';
  let rowTemplate = '';
  let next = 0;
  for (const part of template.split('.')) {
    rowTemplate += `${part}.`;
    if (part !== '{i}') {
      shown += `${part}.`;
      concrete += `${part}.`;
      continue;
    }
    const row = instances[next++] ?? 0;
    const alias = aliasOf(tree, concrete, rowTemplate, row);
    shown += alias ? `[${alias}].` : `${row}.`;
    concrete += `${row}.`;
  }
  return shown.slice(0, -1);
}

/** TR-106 3.6.1: an alias begins with a letter, holds no bracket, and is unique in its table. */
export function checkAliases(draft: Draft, problem: Problem): void {
  if (!knowsAliases(draft.model)) return;
  for (const [path, alias] of draft.touched) {
    if (!path.endsWith(`.${COLUMN}`)) continue;
    const { template, instances } = templateOf(path);
    const row = instances.at(-1);
    if (row === undefined || !template.endsWith(`{i}.${COLUMN}`)) continue;
    const table = path.slice(0, -`${row}.${COLUMN}`.length);
    if (!/^[A-Za-z][^[\]]*$/.test(alias)) problem(path, 9007, `'${alias}' is no alias`);
    const taken = draft.rows(table).some(other => {
      return other !== row && aliasOf(draft, table, template.slice(0, -COLUMN.length), other) === alias;
    });
    if (taken) problem(path, 9007, `another row is called '${alias}'`);
  }
}
