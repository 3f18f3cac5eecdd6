// The layers of a unit's configuration: its own over the base, and the tree through which both are read.
import type { Model } from '../../../shared/model/definitions.ts';
import { parentPath, templateOf } from '../../../shared/model/path.ts';
import type { Draft } from './draft.ts';
import { emptyLayer, type Layer, type RunningValues, Tree } from './tree.ts';

export interface StoredLayer {
  values: [string, string][];
  tables: [string, number, readonly number[]][];
}

const untouched = emptyLayer();

export class Layers {
  readonly #base: Layer;
  /** The shared empty layer until the first change: an idle unit costs next to nothing. */
  #own: Layer = untouched;
  #tree: Tree;

  /** @param base layer of the customer profile: shared by all units of a fleet, never changed */
  constructor(model: Model, base: Layer, running: RunningValues, stored?: StoredLayer) {
    this.#base = base;
    if (stored) this.#own = layerOf(stored);
    this.#tree = new Tree(model, [this.#own, base], running);
  }

  get tree(): Tree {
    return this.#tree;
  }

  /** All differences from the base. */
  get own(): Layer {
    return this.#own;
  }

  stored(): StoredLayer {
    return {
      values: [...this.#own.values],
      tables: [...this.#own.tables].map(([path, { next, rows }]) => [path, next, rows]),
    };
  }

  use(own: Layer): void {
    this.#own = own;
    const { model, runningValues } = this.#tree;
    this.#tree = new Tree(model, [own, this.#base], runningValues);
  }

  /** Takes the place of all differences from the base; absent: there are none. */
  restore(stored: StoredLayer | undefined): void {
    this.use(stored ? layerOf(stored) : untouched);
  }

  /** Merges the changes of a draft; only differences from the base are kept. @returns prefixes of the paths that were deleted with rows */
  merge(draft: Draft): string[] {
    const deleted = draft.removed.flatMap(row => deletedWith(this.#tree, row));
    const values = without(this.#own.values, deleted);
    const tables = without(this.#own.tables, deleted);
    for (const [path, table] of draft.changedTables) tables.set(path, table);
    this.use({ values, tables });
    const base = new Tree(draft.model, [this.#base], draft.runningValues);
    for (const [path, value] of draft.touched) {
      const found = draft.find(path);
      if (!found) continue;
      if (base.stored(path, found) === value) values.delete(path);
      else values.set(path, value);
    }
    return deleted;
  }
}

const layerOf = ({ values, tables }: StoredLayer): Layer => ({
  values: new Map(values),
  tables: new Map(tables.map(([path, next, rows]) => [path, { next, rows }])),
});

function without<T>(entries: ReadonlyMap<string, T>, prefixes: readonly string[]): Map<string, T> {
  if (prefixes.length === 0) return new Map(entries);
  return new Map([...entries].filter(([path]) => !prefixes.some(prefix => path.startsWith(prefix))));
}

/** A row, and the rows of tables that follow its table. */
function deletedWith(tree: Tree, row: string): string[] {
  const table = parentPath(row);
  const number = row.slice(table.length);
  const followers = tree.index.followers.get(templateOf(table).template) ?? [];
  return [row, ...followers.map(follower => follower + number)];
}
