// The configuration of one unit: reads and all-or-nothing changes of its tree, attributes, and values that wait for a restart.
import type { ParameterInfo, ParameterValue } from '../../shared/cwmp/methods.ts';
import type { Model } from '../../shared/model/definitions.ts';
import { ParameterAttributes, type StoredAttributes } from './attributes.ts';
import type { SetItem, Source } from './changes.ts';
import type { ConfigurationParts, Note } from './commit.ts';
import type { Hooks } from './hooks.ts';
import { PendingValues } from './pending.ts';
import { type NewRow, Transactions } from './transactions.ts';
import type { Draft } from './tree/draft.ts';
import { Layers, type StoredLayer } from './tree/layers.ts';
import { pathOfVariable } from './tree/names.ts';
import { mustFind, readNames, readValues } from './tree/reads.ts';
import type { Columns } from './tree/rows.ts';
import type { Layer, Tree } from './tree/tree.ts';
import { Watchers } from './watchers.ts';

export interface StoredConfiguration extends StoredLayer {
  attributes: StoredAttributes;
}

export class Configuration implements ConfigurationParts {
  readonly hooks: Hooks;
  readonly layers: Layers;
  readonly attributes: ParameterAttributes;
  readonly pending: PendingValues;
  readonly watchers: Watchers;
  readonly changes: Transactions;

  /** @param base layer of the customer profile: shared by all units of a fleet, never changed */
  constructor(model: Model, base: Layer, hooks: Hooks, stored?: StoredConfiguration) {
    this.hooks = hooks;
    this.layers = new Layers(model, base, hooks.runningValues, stored);
    this.attributes = new ParameterAttributes(this.layers, stored?.attributes);
    this.pending = new PendingValues(this.layers);
    this.watchers = new Watchers(this.layers);
    this.changes = new Transactions(this);
  }

  get tree(): Tree {
    return this.layers.tree;
  }
  /** @throws CwmpFault 9005 */
  get(path: string): string {
    return this.tree.value(path, mustFind(this.tree, path));
  }
  /** Concrete path of a script name; undefined when there is none. */
  pathOf(name: string): string | undefined {
    return pathOfVariable(this.tree, name);
  }
  /** A DGW variable by its script name (`SipEp.TransportTlsVersion`, `SipEp.Gateway[Name=default].SecurePort`); undefined when there is none. */
  variable(name: string): string | undefined {
    const path = this.pathOf(name);
    return path === undefined ? undefined : this.get(path);
  }
  /** The value that the owning service runs with: a change that waits for a restart does not show here. */
  running(name: string): string | undefined {
    const path = this.pathOf(name);
    return path === undefined ? undefined : (this.pending.running(path) ?? this.get(path));
  }
  /** @param path full name or partial path ('' is all). @throws CwmpFault 9005 */
  read(path: string): ParameterValue[] {
    return readValues(this.tree, path);
  }
  /** @throws CwmpFault 9003, 9005 */
  names(path: string, nextLevel: boolean): ParameterInfo[] {
    return readNames(this.tree, path, nextLevel);
  }
  /**
   * All or nothing: types and ranges, then the checks of the owning services, then commit (durable), then apply.
   * @returns 0 applied, 1 some of it waits for a service restart or reboot
   * @throws CwmpFault 9003 with one entry per wrong parameter
   */
  set(items: readonly SetItem[], source: Source, note?: Note): Promise<0 | 1> {
    return this.changes.set(items, source, note);
  }
  /** TR-069 A.3.2.6. @param table path ending in a dot. @throws CwmpFault 9003, 9004, 9005 */
  insert(table: string, columns: Columns, source: Source, note?: Note): Promise<NewRow> {
    return this.changes.insert(table, columns, source, note);
  }
  /** TR-069 A.3.2.7. @param path row path ending in a dot. @throws CwmpFault 9005 */
  remove(path: string, source: Source, note?: Note): Promise<0 | 1> {
    return this.changes.remove(path, source, note);
  }
  /** Changes a draft freely, past the rules that bind an ACS, and commits it: for services and scripts. */
  edit(change: (draft: Draft) => void, source: Source, note?: Note): Promise<0 | 1> {
    return this.changes.edit(change, source, note);
  }
  stored(): StoredConfiguration {
    return { ...this.layers.stored(), attributes: this.attributes.stored() };
  }
  /** Replaces all changes of the unit, or drops them, while no service runs. The caller saves. */
  restore(stored?: StoredConfiguration): void {
    this.attributes.restore(stored?.attributes ?? []);
    this.pending.clear();
    this.layers.restore(stored);
  }
}
