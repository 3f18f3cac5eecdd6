// An index of a model for its trees: relations beyond the definitions, computed once per model and shared by all units.
import type { Model, ObjectDef, ParameterDef } from '../../../shared/model/definitions.ts';
import { parentPath } from '../../../shared/model/path.ts';
import { type Gate, indexGates } from './gates.ts';
import { indexTwins, type Twin } from './twins.ts';

export interface Table {
  /** Instance number of the next row; never used twice (TR-069 A.3.2.6). */
  next: number;
  rows: readonly number[];
}

export interface ModelIndex {
  /** Table path (`Device.A.`, template form) → the definition of its rows. */
  tables: ReadonlyMap<string, ObjectDef>;
  twins: ReadonlyMap<string, Twin>;
  /** Template of a source → templates of the parameters that show it. */
  shownAs: ReadonlyMap<string, readonly string[]>;
  /** Objects that exist only while a parameter says so. */
  gates: readonly Gate[];
  /** NumberOfEntries parameter → table path it counts (template form). */
  counters: ReadonlyMap<string, string>;
  /** Table whose rows are those of another: `TransportConfig[GatewayName]` has one row per `Gateway[Name]`. */
  leaders: ReadonlyMap<string, { table: string }>;
  /** Table → tables that follow it. */
  followers: ReadonlyMap<string, readonly string[]>;
  /** Key column of such a table → key column of its leader. */
  keyLeaders: ReadonlyMap<string, ParameterDef>;
  initial(table: string): Table;
  default(def: ParameterDef, instances: readonly number[]): string;
  nodeName(def: ObjectDef): string;
  /** `Device.A.{i}.` → `Device.A.`. */
  plainPath(def: ObjectDef): string;
}

const indexes = new WeakMap<Model, ModelIndex>();

export function modelIndex(model: Model): ModelIndex {
  let index = indexes.get(model);
  if (!index) {
    index = buildIndex(model);
    indexes.set(model, index);
  }
  return index;
}

const plainPath = (def: ObjectDef): string => (def.path.endsWith('.{i}.') ? def.path.slice(0, -4) : def.path);

function buildIndex(model: Model): ModelIndex {
  const tables = new Map<string, ObjectDef>();
  const counters = new Map<string, string>();
  for (const def of model.objects.values()) {
    if (!def.multi) continue;
    tables.set(plainPath(def), def);
    if (def.numberOfEntries) counters.set(def.numberOfEntries, plainPath(def));
  }
  const { leaders, followers, keyLeaders } = indexTies(model);
  const { twins, shownAs } = indexTwins(model);
  return {
    tables,
    twins,
    shownAs,
    gates: indexGates(model),
    counters,
    leaders,
    followers,
    keyLeaders,
    initial: table => initialRows(tables.get(table)),
    default: (def, instances) => defaultOf(tables, def, instances),
    nodeName: def => plainPath(def).slice(0, -1).split('.').at(-1) ?? '',
    plainPath,
  };
}

const tablesSeen = new WeakMap<ObjectDef, Table>();

function initialRows(def: ObjectDef | undefined): Table {
  if (!def) return { next: 1, rows: [] };
  let table = tablesSeen.get(def);
  if (!table) {
    const count = def.rows?.length ?? 0;
    table = { next: count + 1, rows: Array.from({ length: count }, (_, at) => at + 1) };
    tablesSeen.set(def, table);
  }
  return table;
}

function defaultOf(tables: ReadonlyMap<string, ObjectDef>, def: ParameterDef, instances: readonly number[]): string {
  const row = instances.at(-1);
  if (row !== undefined) {
    const parent = parentPath(def.path);
    const rows = parent.endsWith('.{i}.') ? tables.get(parent.slice(0, -4))?.rows : undefined;
    const value = rows?.[row - 1]?.[def.name];
    if (value !== undefined) return value;
    // TR-106 3.6.1: aliases made by the unit begin with `cpe-`, those of the ACS do not.
    if (def.name === 'Alias' && parent.endsWith('.{i}.') && def.type === 'string' && !def.script) return `cpe-${row}`;
  }
  return def.default ?? blankOf(def);
}

/** A value of the right form for a parameter whose model names no default. */
function blankOf(def: ParameterDef): string {
  if (def.enumeration && !def.list) return def.enumeration[0]?.label ?? '';
  switch (def.type) {
    case 'boolean':
      return '0';
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong':
      return def.list ? '' : String(def.min !== undefined && def.min > 0 ? def.min : 0);
    case 'dateTime':
      return '0001-01-01T00:00:00Z'; // TR-106 3.2.1: Unknown Time
    default:
      return '';
  }
}

function indexTies(model: Model): Pick<ModelIndex, 'leaders' | 'followers' | 'keyLeaders'> {
  const leaders = new Map<string, { table: string }>();
  const followers = new Map<string, string[]>();
  const keyLeaders = new Map<string, ParameterDef>();
  for (const def of model.objects.values()) {
    const leader = def.follows === undefined ? undefined : model.objects.get(def.follows);
    const key = leader && model.parameters.get(leader.path + leader.keys[0]);
    if (!leader || !key || leader === def) continue;
    leaders.set(plainPath(def), { table: plainPath(leader) });
    followers.set(plainPath(leader), [...(followers.get(plainPath(leader)) ?? []), plainPath(def)]);
    keyLeaders.set(def.path + def.keys[0], key);
  }
  return { leaders, followers, keyLeaders };
}
