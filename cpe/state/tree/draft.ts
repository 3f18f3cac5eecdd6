// A tree with changes of its own in front: the tree below changes only when the draft is merged.
import { withInstances } from '../../../shared/model/path.ts';
import type { Table } from './model-index.ts';
import { emptyLayer, type Found, type Layer, Tree } from './tree.ts';

export class Draft extends Tree {
  readonly removed: string[] = [];
  readonly #front: Layer;

  constructor(tree: Tree) {
    const front = emptyLayer();
    super(tree.model, [front, ...tree.layers], tree.runningValues);
    this.#front = front;
  }

  /** Paths put in this draft, in order. */
  get touched(): ReadonlyMap<string, string> {
    return this.#front.values;
  }

  get changedTables(): ReadonlyMap<string, Table> {
    return this.#front.tables;
  }

  /** Stores a value at a path that exists; twins are stored at their source. */
  put(path: string, found: Found, value: string): void {
    const twin = this.index.twins.get(found.def.path);
    if (twin) {
      const instances = twin.instances(found.instances);
      const source = { def: twin.def, instances };
      const at = withInstances(twin.path, instances);
      this.put(at, source, twin.take(value, this.value(at, source)));
    } else this.#front.values.set(path, value);
  }

  /** Makes a row. @returns its instance number */
  addRow(table: string): number {
    const { next, rows } = this.table(table);
    this.#front.tables.set(table, { next: next + 1, rows: [...rows, next] });
    return next;
  }

  /** @param path of the row, ending with a dot */
  removeRow(path: string): void {
    const cut = path.lastIndexOf('.', path.length - 2) + 1;
    const table = path.slice(0, cut);
    const number = Number(path.slice(cut, -1));
    const { next, rows } = this.table(table);
    this.#front.tables.set(table, { next, rows: rows.filter(row => row !== number) });
    for (const name of this.#front.values.keys()) if (name.startsWith(path)) this.#front.values.delete(name);
    this.removed.push(path);
  }
}
