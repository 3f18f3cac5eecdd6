// The parameter tree of one unit: a shared immutable model, and per unit only the differences from it.
import type { Model, ObjectDef, ParameterDef } from '../../../shared/model/definitions.ts';
import { templateOf, withInstances } from '../../../shared/model/path.ts';
import { type ModelIndex, modelIndex, type Table } from './model-index.ts';

/** Differences from the layer below: values by full path, tables by table path (`Device.A.`). */
export interface Layer {
  values: Map<string, string>;
  tables: Map<string, Table>;
}

export const emptyLayer = (): Layer => ({ values: new Map(), tables: new Map() });

/** Values and rows that services compute; undefined: the stored ones count. */
export interface RunningValues {
  value(template: string, instances: readonly number[]): string | undefined;
  rows(template: string, instances: readonly number[]): readonly number[] | undefined;
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
  readonly runningValues: RunningValues;

  constructor(model: Model, layers: readonly Layer[], runningValues: RunningValues) {
    this.model = model;
    this.index = modelIndex(model);
    this.layers = layers;
    this.runningValues = runningValues;
  }

  /** The parameter at a full path whose rows all exist. */
  find(path: string): Found | undefined {
    const { template, instances } = templateOf(path);
    const def = this.model.parameters.get(template);
    return def && this.has(template) && rowsExist(this, template, instances) ? { def, instances } : undefined;
  }

  /** The object, table (`Device.A.`) or row at a path that ends with a dot. */
  findObject(path: string): { def: ObjectDef; kind: 'object' | 'table' | 'row'; template: string } | undefined {
    const { template, instances } = templateOf(path);
    if (!this.has(template)) return undefined;
    const table = this.index.tables.get(template);
    if (table) return rowsExist(this, template, instances) ? { def: table, kind: 'table', template } : undefined;
    const def = this.model.objects.get(template);
    if (!def || !rowsExist(this, template, instances)) return undefined;
    return { def, kind: template.endsWith('{i}.') ? 'row' : 'object', template };
  }

  has(template: string): boolean {
    return isOpen(this, template);
  }
  /** Instance numbers of a table, in order. @param table concrete table path: `Device.A.` */
  rows(table: string): readonly number[] {
    const { template, instances } = templateOf(table);
    const live = this.runningValues.rows(template, instances);
    if (live) return live;
    const leader = this.index.leaders.get(template);
    return leader ? this.rows(leader.table) : this.table(table).rows;
  }

  /** The stored rows of a table. */
  table(table: string): Table {
    for (const layer of this.layers) {
      const found = layer.tables.get(table);
      if (found) return found;
    }
    return this.index.initial(templateOf(table).template);
  }

  /** The value of a parameter, also of a hidden one. */
  value(path: string, found: Found): string {
    const { def, instances } = found;
    const live = this.runningValues.value(def.path, instances);
    if (live !== undefined) return live;
    const twin = this.index.twins.get(def.path);
    if (twin) {
      const own = twin.instances(instances);
      return twin.show(this.value(withInstances(twin.path, own), { def: twin.def, instances: own }));
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
}

/** The unit has the object or parameter now: no switch that is off keeps it back. */
function isOpen(tree: Tree, template: string): boolean {
  const gate = tree.index.gates.find(({ prefix }) => template.startsWith(prefix));
  return gate === undefined || tree.value(gate.switch, { def: gate.def, instances: [] }) === 'Enable';
}

/** @returns whether every instance number of a path names a row that exists */
function rowsExist(tree: Tree, template: string, instances: readonly number[]): boolean {
  if (instances.length === 0) return true;
  let from = 0;
  for (const [at, instance] of instances.entries()) {
    const placeholder = template.indexOf('{i}', from);
    const table = withInstances(template.slice(0, placeholder), instances.slice(0, at));
    if (!tree.rows(table).includes(instance)) return false;
    from = placeholder + 3;
  }
  return true;
}
