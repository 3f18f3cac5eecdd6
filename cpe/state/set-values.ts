// One SetParameterValues (TR-069 A.3.2.1): puts all values into a draft and collects their problems.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { parentPath, withInstances } from '../../shared/model/path.ts';
import { checkValue } from '../../shared/model/values.ts';
import type { ParameterAttributes } from './attributes.ts';
import { isSubscriber, type Problem, type SetItem, type Source } from './changes.ts';
import type { Hooks } from './hooks.ts';
import { checkAliases, resolveAliases } from './tree/alias.ts';
import { Draft } from './tree/draft.ts';
import { checkKeys } from './tree/keys.ts';
import { pathOfVariable } from './tree/names.ts';
import { insertRow } from './tree/rows.ts';
import type { Found, Tree } from './tree/tree.ts';

/** A value to set at its concrete path, with the name that the request had for it. */
interface ResolvedItem extends SetItem {
  requested: string;
}

export interface RowCommand {
  path: string;
  template: string;
  label: string;
}

/** Row commands that the tree carries out itself; they are part of the commit. */
const tableCommands = new Set(['Delete']);

export class SetValues {
  readonly draft: Draft;
  readonly #tree: Tree;
  readonly #hooks: Hooks;
  readonly #strict: boolean;
  readonly #commands: RowCommand[] = [];
  readonly #items: ResolvedItem[] = [];
  readonly #problems = new Map<string, { name: string; code: number; message: string }>();

  constructor(tree: Tree, hooks: Hooks) {
    this.#tree = tree;
    this.#hooks = hooks;
    this.draft = new Draft(tree);
    this.#strict = variable(tree, 'Cwmp.InteropParameterTypeValidation') === 'Strict';
  }

  /** Row commands that the services carry out once the values are committed. */
  get serviceCommands(): readonly RowCommand[] {
    return this.#commands.filter(({ label }) => !tableCommands.has(label));
  }

  /** @throws CwmpFault 9003 with one entry per wrong parameter */
  put(items: readonly SetItem[], source: Source, attributes: ParameterAttributes): void {
    refuseDuplicates(items);
    for (const item of items) {
      const name = resolveAliases(this.draft, item.name, rowCreator(this.draft)) ?? item.name;
      const resolved = { ...item, name, requested: item.name };
      this.#items.push(resolved);
      // Scripts come from the operator, by the ACS or by DHCP, and the unit itself is no entity: the Subscriber uses the unit's own pages, its console and SNMP.
      if (isSubscriber(source) && attributes.isWithheldFromSubscriber(name)) {
        this.#problem(item.name, 9001, `${item.name} is for the ACS alone to change`);
      }
      const wrong = putValue(this.draft, resolved, this.#strict, this.#hooks, this.#commands);
      if (wrong) this.#problem(item.name, wrong.code, wrong.message);
    }
    refuseDuplicates(this.#items);
    if (this.#problems.size === 0) this.#check();
    if (this.#problems.size > 0) throw new CwmpFault(9003, undefined, [...this.#problems.values()]);
  }

  #check(): void {
    for (const { path, label } of this.#commands) if (label === 'Delete') this.draft.removeRow(parentPath(path));
    const report: Problem = (path, code, message) => this.#problem(this.#requestedName(path), code, message);
    checkAliases(this.draft, report);
    checkKeys(this.draft, report);
    this.#hooks.check(this.draft, report);
  }

  /** Notes a problem; the first of a parameter counts. */
  #problem(name: string, code: number, message: string): void {
    if (!this.#problems.has(name)) this.#problems.set(name, { name, code, message });
  }

  /** The name in the request for a path: a value may be stored under another name than the one it was set by. */
  #requestedName(path: string): string {
    const same = this.#items.find(({ name }) => name === path);
    if (same) return same.requested;
    const source = this.#items.find(item => {
      const draft = new Draft(this.#tree);
      putValue(draft, item, this.#strict, this.#hooks, []);
      return draft.touched.has(path);
    });
    return source?.requested ?? path;
  }
}

/** TR-069 A.3.2.1: 9005 unknown, 9008 read-only, 9006 type, 9007 value. @param commands takes row commands */
function putValue(
  draft: Draft,
  item: SetItem,
  strict: boolean,
  hooks: Hooks,
  commands: RowCommand[],
): { code: number; message: string } | undefined {
  const found = draft.find(item.name);
  if (!found) return { code: 9005, message: `${item.name} does not exist` };
  const { def } = found;
  if (!def.writable) return { code: 9008, message: `${item.name} is read-only` };
  const checked = checkValue(def, item.value, item.type, strict);
  // The message of checkValue quotes the value.
  if (!checked.ok) return def.hidden ? { code: checked.code, message: 'the value does not fit' } : checked;
  if (def.rowCommand) {
    const idle = def.default ?? def.enumeration?.[0]?.label;
    if (checked.value !== idle) commands.push({ path: item.name, template: def.path, label: checked.value });
    return undefined;
  }
  return store(draft, item.name, found, checked.value, hooks);
}

/** Stores a value that fits its parameter; it must fit the one that it is stored under, too. */
function store(
  draft: Draft,
  name: string,
  found: Found,
  value: string,
  hooks: Hooks,
): { code: number; message: string } | undefined {
  try {
    if (hooks.write(draft, found.def.path, found.instances, value)) return undefined;
  } catch (error) {
    if (error instanceof CwmpFault) return { code: error.code, message: error.message };
    throw error;
  }
  draft.put(name, found, value);
  const twin = draft.index.twins.get(found.def.path);
  if (!twin) return undefined;
  const path = withInstances(twin.path, twin.instances(found.instances));
  const kept = checkValue(twin.def, draft.touched.get(path) ?? '');
  return kept.ok ? undefined : { code: kept.code, message: `${twin.def.script ?? twin.path}: ${kept.message}` };
}

/** TR-181 ManagementServer.AutoCreateInstances: setting a value below an unknown alias makes its row. */
function rowCreator(draft: Draft): ((table: string, alias: string) => number) | undefined {
  const path = `${draft.model.root}ManagementServer.AutoCreateInstances`;
  const found = draft.find(path);
  if (!found || draft.value(path, found) !== '1') return undefined;
  return (table, alias) => insertRow(draft, table, { Alias: alias });
}

function refuseDuplicates(items: readonly SetItem[]): void {
  const seen = new Set<string>();
  for (const { name } of items) {
    if (seen.has(name)) throw new CwmpFault(9003, `${name} is named twice`);
    seen.add(name);
  }
}

function variable(tree: Tree, name: string): string | undefined {
  const path = pathOfVariable(tree, name);
  const found = path === undefined ? undefined : tree.find(path);
  return found && tree.value(path ?? '', found);
}
