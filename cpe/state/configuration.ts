// What a unit is configured to be: reads and all-or-nothing changes of its tree, attributes, and values that wait for a restart.
// The unit's services take part through Hooks: they compute values, check drafts, and act on what was committed.

import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { ParameterAttribute, ParameterInfo, ParameterValue } from '../../shared/cwmp/methods.ts';
import { isObject, type Model, type ParameterDef, xsdType } from '../../shared/model/definitions.ts';
import { isPartial, parentPath, templateOf, withInstances } from '../../shared/model/path.ts';
import { checkValue } from '../../shared/model/values.ts';
import { checkAliases, expandPath, knowsAliases, resolveAliases, shownPath } from './alias.ts';
import type { Change, Problem, SetItem, Source } from './changes.ts';
import { pathOfVariable } from './names.ts';
import { type Draft, emptyLayer, type Found, type Layer, type RunningValues, Tree } from './tree.ts';

export interface Commit {
  changes: Change[];
  /** Tables (`Device.A.`) whose rows changed. */
  tables: string[];
  /** Rows that went (`Device.A.3.`). */
  removed: string[];
  source: Source;
}

export interface Hooks {
  runningValues: RunningValues;
  /** Whether a service runs now, so that its settings wait for its restart. */
  started(service: string): boolean;
  /** A service's own way of storing a value it shows; false when it has none. */
  write(draft: Draft, template: string, value: string): boolean;
  /** Services refuse or complete a draft. */
  check(draft: Draft, problem: Problem): void;
  apply(commit: Commit): Promise<void>;
  /** A row command other than Delete, Up and Down was written. */
  rowCommand(template: string, path: string): Promise<void>;
  /** Makes the whole state safe. */
  save(): Promise<void>;
}

interface Attributes {
  notification?: number;
  accessList?: string[];
}

export interface StoredConfiguration {
  values: [string, string][];
  tables: [string, number, readonly number[]][];
  attributes: [string, Attributes][];
}

/** A value to set at its concrete path, with the name that the request had for it. */
interface ResolvedItem extends SetItem {
  asked: string;
}

interface RowCommand {
  path: string;
  template: string;
  label: string;
}

/** Rows of one table where the model sets no limit of its own: our choice, above what any unit of the family holds. */
const MAX_ROWS = 1000;

type Listener = (changes: Change[], source: Source) => void;

const untouched = emptyLayer();
const settled: Promise<unknown> = Promise.resolve();

export class Configuration {
  readonly model: Model;
  tree: Tree;
  /** The shared empty layer until the first change: an idle unit costs next to nothing. */
  #own: Layer = untouched;
  readonly #base: Layer;
  readonly #hooks: Hooks;
  #attributes: Map<string, Attributes> | undefined;
  /** Paths whose running value is another than the configured one, with the running value; tables with ''. */
  #pending: Map<string, string> | undefined;
  #listeners: Listener[] | undefined;
  /** The change under way: changes of one unit happen one after another. */
  #turn: Promise<unknown> = settled;

  /** @param base what the customer profile sets: shared by all units of a fleet, never changed */
  constructor(model: Model, base: Layer, hooks: Hooks, stored?: StoredConfiguration) {
    this.model = model;
    this.#base = base;
    this.#hooks = hooks;
    if (stored) {
      this.#own = {
        values: new Map(stored.values),
        tables: new Map(stored.tables.map(([path, next, rows]) => [path, { next, rows }])),
      };
      if (stored.attributes.length > 0) this.#attributes = new Map(stored.attributes);
    }
    this.tree = this.#newTree();
  }

  #newTree(): Tree {
    return new Tree(this.model, [this.#own, this.#base], this.#hooks.runningValues);
  }

  #use(own: Layer): void {
    this.#own = own;
    this.tree = this.#newTree();
  }

  stored(): StoredConfiguration {
    return {
      values: [...this.#own.values],
      tables: [...this.#own.tables].map(([path, { next, rows }]) => [path, next, rows]),
      attributes: [...(this.#attributes ?? [])],
    };
  }

  /** What differs from the factory defaults, by path. */
  get overrides(): Layer {
    return this.#own;
  }

  /** Back to the base. The caller saves. */
  clear(): void {
    this.#attributes = undefined;
    this.#pending = undefined;
    this.#use(untouched);
  }

  // ---- reading ----

  get(path: string): string {
    return this.tree.value(path, this.#must(path));
  }

  #must(path: string): Found {
    const found = this.tree.find(path);
    if (!found) throw new CwmpFault(9005, `${path} does not exist`);
    return found;
  }

  pathOf(name: string): string | undefined {
    return pathOfVariable(this.tree, name);
  }

  variable(name: string): string | undefined {
    const path = this.pathOf(name);
    return path === undefined ? undefined : this.get(path);
  }

  /** The value that the owning service runs with. */
  running(name: string): string | undefined {
    const path = this.pathOf(name);
    return path === undefined ? undefined : (this.#pending?.get(path) ?? this.get(path));
  }

  #shown(path: string, found: Found): ParameterValue {
    const value = found.def.hidden ? '' : this.tree.value(path, found);
    return { Name: path, Value: value, Type: xsdType(found.def.type) };
  }

  /** TR-069 A.3.2.2. */
  read(asked: string): ParameterValue[] {
    return this.#each(asked, path => this.#readOne(path));
  }

  /** Reads every path that one with aliases and wildcards means. */
  #each<T>(asked: string, read: (path: string) => T[]): T[] {
    const paths = expandPath(this.tree, asked);
    if (!paths) throw new CwmpFault(9005, `${asked} does not exist`);
    return paths.length === 1 ? read(paths[0] ?? '') : paths.flatMap(read);
  }

  /** A path as the ACS wants to read it: with aliases where ManagementServer.InstanceMode says so. */
  shown(path: string): string {
    const mode = `${this.model.root}ManagementServer.InstanceMode`;
    const found = this.tree.find(mode);
    return found && this.tree.value(mode, found) === 'InstanceAlias' ? shownPath(this.tree, path) : path;
  }

  #readOne(path: string): ParameterValue[] {
    if (!isPartial(path)) return [this.#shown(path, this.#must(path))];
    this.#mustObject(path);
    return Array.from(this.tree.walk(path), node => this.#shown(node.path, node));
  }

  #mustObject(path: string): void {
    if (path !== '' && !this.tree.findObject(path)) throw new CwmpFault(9005, `${path} does not exist`);
  }

  /** TR-069 A.3.2.3. */
  names(asked: string, nextLevel: boolean): ParameterInfo[] {
    return this.#each(asked, path => this.#namesOf(path, nextLevel));
  }

  #namesOf(path: string, nextLevel: boolean): ParameterInfo[] {
    if (!isPartial(path)) {
      const found = this.#must(path);
      if (nextLevel) throw new CwmpFault(9003, `${path} is a parameter: it has no next level`);
      return [{ Name: path, Writable: found.def.writable }];
    }
    this.#mustObject(path);
    const nodes = nextLevel ? this.tree.level(path) : this.tree.nodes(path);
    const below = Array.from(nodes, node => ({
      Name: node.path,
      Writable: this.#writable(node.path, node.def.writable),
    }));
    const self = path === '' || nextLevel ? [] : [{ Name: path, Writable: this.#writable(path, false) }];
    return [...self, ...below];
  }

  /** A table is writable when rows can be added, a row when it can be deleted; other objects never (TR-069 A.3.2.3). */
  #writable(path: string, parameterWritable: boolean): boolean {
    if (!isPartial(path)) return parameterWritable;
    const found = this.tree.findObject(path);
    return found !== undefined && found.kind !== 'object' && this.#rowsChangeable(found.def.path);
  }

  #rowsChangeable(rowTemplate: string): boolean {
    const def = this.model.objects.get(rowTemplate);
    return def?.writable === true && !def.fixed && !this.tree.index.leaders.has(rowTemplate.slice(0, -4));
  }

  /** TR-069 A.3.2.5. */
  attributes(asked: string): ParameterAttribute[] {
    return this.#each(asked, path => this.#attributesOf(path));
  }

  #attributesOf(path: string): ParameterAttribute[] {
    const of = (name: string, { def }: Found): ParameterAttribute => {
      const own = this.#attributes?.get(name);
      return {
        Name: name,
        Notification: own?.notification ?? initialNotification(def),
        AccessList: own?.accessList ?? ['Subscriber'],
      };
    };
    if (!isPartial(path)) return [of(path, this.#must(path))];
    this.#mustObject(path);
    return Array.from(this.tree.walk(path), node => of(node.path, node));
  }

  /** TR-069 A.3.2.4: all or nothing; a partial path means the parameters below it that exist now. */
  async setAttributes(items: { path: string; notification?: number; accessList?: string[] }[]): Promise<void> {
    await this.#exclusive(async () => {
      const next = new Map(this.#attributes);
      for (const item of items) {
        const change = attributesOf(item);
        // Wildcards are for reading only.
        const path = resolveAliases(this.tree, item.path);
        if (path === undefined) throw new CwmpFault(9005, `${item.path} does not exist`);
        for (const { Name } of this.#attributesOf(path)) {
          refuseDenied(Name, this.#must(Name).def, item);
          next.set(Name, { ...next.get(Name), ...change });
        }
      }
      const before = this.#attributes;
      this.#attributes = next;
      await this.#safe(() => {
        this.#attributes = before;
      });
    });
  }

  watch(listener: Listener): () => void {
    this.#listeners = [...(this.#listeners ?? []), listener];
    return () => {
      this.#listeners = this.#listeners?.filter(entry => entry !== listener);
    };
  }

  /** Tells watchers of values that changed by themselves. */
  announce(changes: Change[], source: Source): void {
    if (changes.length === 0 || !this.#listeners) return;
    const all = changes.flatMap(change => [change, ...this.#twinChanges(change)]);
    for (const listener of this.#listeners) listener(all, source);
  }

  #twinChanges(change: Change): Change[] {
    const { template, instances } = templateOf(change.path);
    return (this.tree.index.shownAs.get(template) ?? []).map(view => {
      const twin = this.tree.index.twins.get(view);
      const show = (value: string): string => twin?.show(value) ?? value;
      return { path: withInstances(view, instances), before: show(change.before), value: show(change.value) };
    });
  }

  // ---- changing ----

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work, work);
    // Whoever asked hears of a failure; the next in line only waits for the end.
    this.#turn = result.then(nothing, nothing);
    return result;
  }

  /** @param note runs with the commit: what it changes is saved with it and undone with it by `undo` */
  async set(items: readonly SetItem[], source: Source, note?: Note): Promise<0 | 1> {
    const commands: RowCommand[] = [];
    const status = await this.#exclusive(async () => {
      refuseDuplicates(items);
      const draft = this.tree.draft();
      const problems = new Map<string, { name: string; code: number; message: string }>();
      const problem: Problem = (name, code, message) => {
        if (!problems.has(name)) problems.set(name, { name, code, message });
      };
      const strict = this.variable('Cwmp.InteropParameterTypeValidation') === 'Strict';
      const resolved: ResolvedItem[] = [];
      for (const item of items) {
        const path = resolveAliases(draft, item.name, this.#creator(draft)) ?? item.name;
        const at = { ...item, name: path, asked: item.name };
        resolved.push(at);
        if (this.#keptFrom(source, path)) problem(item.name, 9001, `${item.name} is for the ACS alone to change`);
        const wrong = this.#put(draft, at, strict, commands);
        if (wrong) problem(item.name, wrong.code, wrong.message);
      }
      refuseDuplicates(resolved);
      if (problems.size === 0) {
        runTableCommands(draft, commands);
        const named: Problem = (path, code, message) => problem(this.#asAsked(resolved, strict, path), code, message);
        checkAliases(draft, named);
        this.#hooks.check(draft, named);
      }
      if (problems.size > 0) throw new CwmpFault(9003, undefined, [...problems.values()]);
      return this.#commit(draft, source, note);
    });
    for (const command of commands) {
      if (!tableCommands.has(command.label)) await this.#hooks.rowCommand(command.template, command.path);
    }
    return status;
  }

  /** A value may be kept under another name than it was set by: what is wrong with it is told under the name in the request. */
  #asAsked(items: readonly ResolvedItem[], strict: boolean, path: string): string {
    const same = items.find(({ name }) => name === path);
    if (same) return same.asked;
    const asked = items.find(item => {
      const draft = this.tree.draft();
      this.#put(draft, item, strict, []);
      return draft.touched.has(path);
    });
    return asked?.asked ?? path;
  }

  /** TR-181 ManagementServer.AutoCreateInstances: setting a value below an alias that is not there makes its row. */
  #creator(draft: Draft): ((table: string, alias: string) => number) | undefined {
    const path = `${this.model.root}ManagementServer.AutoCreateInstances`;
    const found = draft.find(path);
    if (!found || draft.value(path, found) !== '1') return undefined;
    return (table, alias) => this.insertInto(draft, table, { Alias: alias });
  }

  /**
   * TR-069 A.3.2.4: an entity that is not in the AccessList must not write. The only one defined is the Subscriber: here whoever uses
   * the unit's own pages. Scripts come from the operator, by the ACS or by DHCP, and the unit itself is no entity; both go on.
   */
  #keptFrom(source: Source, path: string): boolean {
    return source === 'web' && this.#attributes?.get(path)?.accessList?.includes('Subscriber') === false;
  }

  /** TR-069 A.3.2.1: 9005 unknown, 9008 read-only, 9006 type, 9007 value. */
  #put(
    draft: Draft,
    item: SetItem,
    strict: boolean,
    commands: RowCommand[],
  ): { code: number; message: string } | undefined {
    const found = draft.find(item.name);
    if (!found) return { code: 9005, message: `${item.name} does not exist` };
    const { def } = found;
    if (!def.writable) return { code: 9008, message: `${item.name} is read-only` };
    const checked = checkValue(def, item.value, item.type, strict);
    if (!checked.ok) return checked;
    if (def.rowCommand) {
      const idle = def.default ?? def.enumeration?.[0]?.label;
      if (checked.value !== idle) commands.push({ path: item.name, template: def.path, label: checked.value });
    } else if (!this.#hooks.write(draft, def.path, checked.value)) draft.put(item.name, found, checked.value);
    return undefined;
  }

  /**
   * Makes a row, with values for its columns: also key columns, which are fixed from then on.
   * @throws CwmpFault 9005 no such table, 9001 no rows can be added, 9004 full, 9003 with one entry per wrong column
   */
  insert(
    table: string,
    columns: Record<string, string>,
    source: Source,
    note?: Note,
  ): Promise<{ instance: number; status: 0 | 1 }> {
    return this.#exclusive(async () => {
      const draft = this.tree.draft();
      // TR-069 A.3.2.6: `Table.[Alias].` names the row that is made; what comes before is a path like any other.
      const named = /^(.*\.)\[([^[\]]*)\]\.$/.exec(table);
      const path = knowsAliases(this.model) ? resolveAliases(draft, named?.[1] ?? table) : table;
      if (path === undefined) throw new CwmpFault(9005, `${table} does not exist`);
      const alias = knowsAliases(this.model) && named ? { Alias: named[2] ?? '' } : {};
      const instance = this.insertInto(draft, path, { ...alias, ...columns });
      checkAliases(draft, (name, code, message) => {
        throw new CwmpFault(code === 9007 ? 9005 : code, message, [{ name, code, message }]);
      });
      const status = await this.#commitChecked(draft, source, note);
      return { instance, status };
    });
  }

  insertInto(draft: Draft, table: string, columns: Record<string, string>): number {
    const found = draft.findObject(table);
    if (found?.kind !== 'table') throw new CwmpFault(9005, `${table} is not a table`);
    const { def } = found;
    if (!this.#rowsChangeable(def.path)) throw new CwmpFault(9005, `rows of ${table} cannot be added`);
    if (draft.rows(table).length >= Math.min(def.maxEntries, MAX_ROWS)) throw new CwmpFault(9004, `${table} is full`);
    const problems: { name: string; code: number; message: string }[] = [];
    const instance = draft.addRow(table);
    const given = new Map(Object.entries(columns).map(([name, value]) => [name.toLowerCase(), { name, value }]));
    const fill = keyDefaults(draft, table, def.path, def.keys, instance);
    for (const column of this.model.children(def.path).parameters) {
      const value = given.get(column.name.toLowerCase())?.value ?? fill.get(column.name);
      given.delete(column.name.toLowerCase());
      if (value === undefined) continue;
      const path = `${table}${instance}.${column.name}`;
      const checked = checkValue(column, value);
      if (checked.ok) draft.put(path, { def: column, instances: templateOf(path).instances }, checked.value);
      else problems.push({ name: path, code: checked.code, message: checked.message });
    }
    for (const { name } of given.values())
      problems.push({ name, code: 9005, message: `${table} has no column ${name}` });
    if (problems.length > 0) throw new CwmpFault(9003, undefined, problems);
    return instance;
  }

  /** @param path row path ending with a dot @throws CwmpFault 9005 */
  remove(asked: string, source: Source, note?: Note): Promise<0 | 1> {
    return this.#exclusive(async () => {
      const path = resolveAliases(this.tree, asked) ?? asked;
      const found = this.tree.findObject(path);
      if (found?.kind !== 'row') throw new CwmpFault(9005, `${path} is not a row`);
      if (!this.#rowsChangeable(found.def.path)) throw new CwmpFault(9005, `${path} cannot be deleted`);
      const draft = this.tree.draft();
      draft.removeRow(path);
      return this.#commitChecked(draft, source, note);
    });
  }

  /** Changes a draft freely and commits it: for services and scripts. */
  edit(change: (draft: Draft) => void, source: Source, note?: Note): Promise<0 | 1> {
    return this.#exclusive(async () => {
      const draft = this.tree.draft();
      change(draft);
      return this.#commitChecked(draft, source, note);
    });
  }

  async #commitChecked(draft: Draft, source: Source, note?: Note): Promise<0 | 1> {
    const problems: { name: string; code: number; message: string }[] = [];
    this.#hooks.check(draft, (name, code, message) => problems.push({ name, code, message }));
    if (problems.length > 0) throw new CwmpFault(9003, problems[0]?.message, problems);
    return this.#commit(draft, source, note);
  }

  async #commit(draft: Draft, source: Source, note?: Note): Promise<0 | 1> {
    const commit: Commit = { ...this.#difference(draft), removed: draft.removed, source };
    const before = this.#own;
    this.#use({ values: new Map(before.values), tables: new Map(before.tables) });
    const attributes = this.#attributes && new Map(this.#attributes);
    this.#merge(draft);
    note?.make();
    await this.#safe(() => {
      this.#use(before);
      this.#attributes = attributes;
      note?.undo();
    });
    const waits = this.#holdBack(commit);
    await this.#hooks.apply(commit);
    this.announce(commit.changes, source);
    return waits ? 1 : 0;
  }

  async #safe(undo: () => void): Promise<void> {
    try {
      await this.#hooks.save();
    } catch (error) {
      undo();
      throw error;
    }
  }

  #difference(draft: Draft): Pick<Commit, 'changes' | 'tables'> {
    const changes: Change[] = [];
    for (const [path, value] of draft.touched) {
      const found = draft.find(path);
      if (!found) continue;
      const before = this.tree.find(path) ? this.tree.value(path, found) : '';
      if (before !== value) changes.push({ path, before, value });
    }
    const tables = [...draft.changedTables.keys()];
    for (const [counter, table] of this.tree.index.counters) {
      if (tables.includes(table)) {
        changes.push({
          path: counter,
          before: String(this.tree.rows(table).length),
          value: String(draft.rows(table).length),
        });
      }
    }
    return { changes, tables };
  }

  /** Only what differs from the layer below is kept. */
  #merge(draft: Draft): void {
    for (const row of draft.removed) this.#forget(row);
    for (const [path, table] of draft.changedTables) this.#own.tables.set(path, table);
    const factory = new Tree(this.model, [this.#base], this.#hooks.runningValues);
    for (const [path, value] of draft.touched) {
      const found = draft.find(path);
      if (!found) continue;
      if (factory.stored(path, found) === value) this.#own.values.delete(path);
      else this.#own.values.set(path, value);
    }
  }

  #forget(row: string): void {
    const table = parentPath(row);
    const number = row.slice(table.length);
    const followers = this.tree.index.followers.get(templateOf(table).template) ?? [];
    for (const prefix of [row, ...followers.map(follower => follower + number)]) {
      for (const map of [this.#own.values, this.#own.tables, this.#attributes]) {
        for (const path of map?.keys() ?? []) if (path.startsWith(prefix)) map?.delete(path);
      }
    }
  }

  // ---- values that wait for a restart of their service ----

  /** Remembers what the running services go on with. @returns whether something waits */
  #holdBack({ changes, tables }: Commit): boolean {
    let waits = false;
    const hold = (path: string, before: string): void => {
      this.#pending ??= new Map();
      if (!this.#pending.has(path)) this.#pending.set(path, before);
      waits = true;
    };
    for (const change of changes) {
      const def = this.tree.find(change.path)?.def;
      if (!def?.needsRestart || !def.service || !this.#hooks.started(def.service)) continue;
      if (this.#pending?.get(change.path) === change.value) this.#pending.delete(change.path);
      else hold(change.path, change.before);
    }
    for (const table of tables) {
      const def = this.tree.index.tables.get(templateOf(table).template);
      const asks = def?.service && this.model.children(def.path).parameters.some(column => column.needsRestart);
      if (asks && def.service && this.#hooks.started(def.service)) hold(table, '');
    }
    return waits;
  }

  /** Services with settings that wait for their restart. */
  waiting(): Set<string> {
    const services = new Set<string>();
    for (const path of this.#pending?.keys() ?? []) {
      const { template } = templateOf(path);
      const service = (this.model.parameters.get(template) ?? this.tree.index.tables.get(template))?.service;
      if (service) services.add(service);
    }
    return services;
  }

  isWaiting(service: string): boolean {
    return this.waiting().has(service);
  }

  /** A service (or, without a name, all) starts with the configured values. */
  release(service?: string): void {
    if (service === undefined) {
      this.#pending = undefined;
      return;
    }
    for (const path of this.#pending?.keys() ?? []) {
      const { template } = templateOf(path);
      const owner = (this.model.parameters.get(template) ?? this.tree.index.tables.get(template))?.service;
      if (owner === service) this.#pending?.delete(path);
    }
  }
}

/** What a commit changes beside the tree, and how to take it back when it could not be saved. */
export interface Note {
  make(): void;
  undo(): void;
}

const nothing = (): void => undefined;

function refuseDuplicates(items: readonly SetItem[]): void {
  const seen = new Set<string>();
  for (const { name } of items) {
    if (seen.has(name)) throw new CwmpFault(9003, `${name} is named twice`);
    seen.add(name);
  }
}

/** Row commands that the tree carries out itself; they are part of the commit. */
const tableCommands = new Set(['Delete']);

function runTableCommands(draft: Draft, commands: readonly RowCommand[]): void {
  for (const { path, label } of commands) if (label === 'Delete') draft.removeRow(parentPath(path));
}

/** TR-069 A.3.2.4 and TR-106 2.4.3: what the model forces on is on from the start. */
function initialNotification(def: ParameterDef): number {
  return def.activeNotify === 'forceEnabled' || def.activeNotify === 'forceDefaultEnabled' ? 2 : 0;
}

function attributesOf(item: { path: string; notification?: number; accessList?: string[] }): Attributes {
  const { notification, accessList } = item;
  if (notification !== undefined && !(Number.isInteger(notification) && notification >= 0 && notification <= 6)) {
    throw new CwmpFault(9003, `${item.path}: there is no notification ${notification}`);
  }
  return { ...(notification !== undefined && { notification }), ...(accessList && { accessList: [...accessList] }) };
}

/** TR-069 A.3.2.4: an active notification may be denied where the model says so, and a forced one not taken away. */
function refuseDenied(path: string, def: ParameterDef, { notification }: { notification?: number }): void {
  if (notification === undefined) return;
  const active = notification === 2 || notification === 5 || notification === 6;
  if (def.activeNotify === 'canDeny' && active) throw new CwmpFault(9009, `${path} cannot be notified actively`);
  if (def.activeNotify === 'forceEnabled' && !active) throw new CwmpFault(9009, `${path} is always notified actively`);
}

/** Keys of a new row that nobody named: numbers count on, names are made unique. */
function keyDefaults(
  draft: Draft,
  table: string,
  template: string,
  keys: readonly string[],
  instance: number,
): Map<string, string> {
  const out = new Map<string, string>();
  const last = templateOf(table).template.split('.').at(-2) ?? 'row';
  for (const key of keys) {
    const def = draft.model.parameters.get(template + key);
    // A row's alias follows from its number until somebody gives it another.
    if (!def || (key === 'Alias' && knowsAliases(draft.model))) continue;
    if (isNumeric(def)) {
      const used = draft.rows(table).filter(row => row !== instance);
      const numbers = used.map(row => Number(valueAt(draft, `${table}${row}.${key}`)));
      out.set(key, String(Math.max(Number(def.min ?? 1) - 1, 0, ...numbers) + 1));
    } else if (def.type === 'string' && !def.enumeration) out.set(key, `${last}${instance}`);
  }
  return out;
}

const isNumeric = (def: ParameterDef): boolean => /^(unsigned)?(int|long)$/i.test(def.type);

function valueAt(tree: Tree, path: string): string {
  const found = tree.find(path);
  return found && !isObject(found.def) ? tree.value(path, found) : '';
}
