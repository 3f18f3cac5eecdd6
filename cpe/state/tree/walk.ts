// Walks over the objects, tables, rows and parameters of a tree, in the order of the model.
import type { ObjectDef, ParameterDef } from '../../../shared/model/definitions.ts';
import { templateOf } from '../../../shared/model/path.ts';
import type { Found, Tree } from './tree.ts';

export interface TreeNode {
  /** Ends with a dot except for parameters. */
  path: string;
  def: ParameterDef | ObjectDef;
  instances: number[];
}

/** All parameters below a path ('' or ending with a dot). */
export function* walk(tree: Tree, path: string): Generator<{ path: string } & Found> {
  for (const node of nodes(tree, path)) if (!node.path.endsWith('.')) yield node as { path: string } & Found;
}

/** All objects, tables, rows and parameters below a path that exists, depth first. */
export function* nodes(tree: Tree, path: string): Generator<TreeNode> {
  const { template, instances } = templateOf(path);
  yield* below(tree, path, template, instances, true);
}

/** Direct children only. */
export function* level(tree: Tree, path: string): Generator<TreeNode> {
  const { template, instances } = templateOf(path);
  yield* below(tree, path, template, instances, false);
}

function* below(tree: Tree, path: string, template: string, instances: number[], deep: boolean): Generator<TreeNode> {
  const table = tree.index.tables.get(template);
  if (table) {
    for (const row of tree.rows(path)) {
      const node = { path: `${path}${row}.`, def: table, instances: [...instances, row] };
      yield node;
      if (deep) yield* below(tree, node.path, table.path, node.instances, deep);
    }
    return;
  }
  const children = tree.model.children(template);
  for (const def of children.parameters) yield { path: path + def.name, def, instances };
  for (const def of children.objects) {
    if (!tree.has(def.path)) continue;
    const node = { path: `${path}${tree.index.nodeName(def)}.`, def, instances };
    yield node;
    if (deep) yield* below(tree, node.path, tree.index.plainPath(def), instances, deep);
  }
}
