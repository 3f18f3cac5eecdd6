// The parameter tree of one unit: a shared immutable model, and per unit only what differs from it.
import type { Model, ObjectDef, ParameterDef } from '../../shared/model/definitions.ts';
import { templateOf, withInstances } from '../../shared/model/path.ts';
import { type ModelIndex, modelIndex, type Table } from './model-index.ts';

/** What differs from the layer below: values by full path, tables by table path (`Device.A.`). */
export interface Layer {
  values: Map<string, string>;
  tables: Map<string, Table>;
}

export const emptyLayer = (): Layer => ({ values: new Map(), tables: new Map() });

/** Values and rows that services compute; what they do not know is stored. */
export interface RunningValues {
  value(template: string, instances: readonly number[]): string | undefined;
  rows(template: string): readonly number[] | undefined;
}

export interface Found {
  def: ParameterDef;
  instances: number[];
}

/** Layers read as one tree, the first in front. */
export class Tree {
  readonly model: Model;
  readonly index: ModelIndex;
  readonly layers: readonly Layer[];
  readonly #runningValues: RunningValues;

  constructor(model: Model, layers: readonly Layer[], runningValues: RunningValues) {
    this.model = model;
    this.index = modelIndex(model);
    this.layers = layers;
    this.#runningValues = runningValues;
  }

  /** A tree over this one whose changes touch nothing until merged. */
  draft(): Draft {
    return new Draft(this.model, [emptyLayer(), ...this.layers], this.#runningValues);
  }

  /** The parameter at a full path whose rows all exist. */
  find(path: string): Found | undefined {
    const { template, instances } = templateOf(path);
    const def = this.model.parameters.get(template);
    return def && this.#rowsExist(template, instances) ? { def, instances } : undefined;
  }

  /** The object, table (`Device.A.`) or row at a path that ends with a dot. */
  findObject(path: string): { def: ObjectDef; kind: 'object' | 'table' | 'row'; template: string } | undefined {
    const { template, instances } = templateOf(path);
    const table = this.index.tables.get(template);
    if (table) return this.#rowsExist(template, instances) ? { def: table, kind: 'table', template } : undefined;
    const def = this.model.objects.get(template);
    if (!def || !this.#rowsExist(template, instances)) return undefined;
    return { def, kind: template.endsWith('{i}.') ? 'row' : 'object', template };
  }

  #rowsExist(template: string, instances: readonly number[]): boolean {
    if (instances.length === 0) return true;
    let from = 0;
    for (const [at, instance] of instances.entries()) {
      const placeholder = template.indexOf('{i}', from);
      const table = withInstances(template.slice(0, placeholder), instances.slice(0, at));
      if (!this.rows(table).includes(instance)) return false;
      from = placeholder + 3;
    }
    return true;
  }

  /** Instance numbers of a table, in order. @param table concrete table path: `Device.A.` */
  rows(table: string): readonly number[] {
    const { template } = templateOf(table);
    const live = this.#runningValues.rows(template);
    if (live) return live;
    const leader = this.index.leaders.get(template);
    if (leader) return this.rows(leader.table);
    return this.table(table).rows;
  }

  /** The stored rows of a table. */
  table(table: string): Table {
    for (const layer of this.layers) {
      const found = layer.tables.get(table);
      if (found) return found;
    }
    return this.index.initial(templateOf(table).template);
  }

  /** A parameter's value, also of a hidden one. */
  value(path: string, found: Found): string {
    const { def, instances } = found;
    const live = this.#runningValues.value(def.path, instances);
    if (live !== undefined) return live;
    const twin = this.index.twins.get(def.path);
    if (twin) {
      const source = withInstances(twin.path, instances);
      return twin.show(this.value(source, { def: twin.def, instances }));
    }
    return this.stored(path, found);
  }

  stored(path: string, { def, instances }: Found): string {
    for (const layer of this.layers) {
      const value = layer.values.get(path);
      if (value !== undefined) return value;
    }
    const counted = this.index.counters.get(def.path);
    if (counted) return String(this.rows(withInstances(counted, instances)).length);
    const leader = this.index.keyLeaders.get(def.path);
    if (leader) {
      const source = withInstances(leader.path, instances);
      return this.value(source, { def: leader, instances });
    }
    return this.index.default(def, instances);
  }

  /** All parameters at or below a path ('' or ending with a dot), in model order. */
  *walk(path: string): Generator<{ path: string } & Found> {
    for (const node of this.nodes(path)) if (!node.path.endsWith('.')) yield node as { path: string } & Found;
  }

  /** All objects, tables, rows and parameters below a path that exists, depth first. */
  *nodes(path: string): Generator<{ path: string; def: ParameterDef | ObjectDef; instances: number[] }> {
    const { template, instances } = templateOf(path);
    yield* this.#below(path, template, instances, true);
  }

  /** Direct children only. */
  *level(path: string): Generator<{ path: string; def: ParameterDef | ObjectDef; instances: number[] }> {
    const { template, instances } = templateOf(path);
    yield* this.#below(path, template, instances, false);
  }

  *#below(
    path: string,
    template: string,
    instances: number[],
    deep: boolean,
  ): Generator<{ path: string; def: ParameterDef | ObjectDef; instances: number[] }> {
    const table = this.index.tables.get(template);
    if (table) {
      for (const row of this.rows(path)) {
        const below = [...instances, row];
        yield { path: `${path}${row}.`, def: table, instances: below };
        if (deep) yield* this.#below(`${path}${row}.`, table.path, below, deep);
      }
      return;
    }
    const children = this.model.children(template);
    for (const def of children.parameters) yield { path: path + def.name, def, instances };
    for (const def of children.objects) {
      const node = `${path}${this.index.nodeName(def)}.`;
      yield { path: node, def, instances };
      if (deep) yield* this.#below(node, this.index.plainPath(def), instances, deep);
    }
  }
}

/** A tree with changes of its own in front. */
export class Draft extends Tree {
  readonly removed: string[] = [];

  get #front(): Layer {
    return this.layers[0]!;
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
      this.put(
        withInstances(twin.path, found.instances),
        { def: twin.def, instances: found.instances },
        twin.take(value),
      );
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
