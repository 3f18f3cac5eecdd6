// Values that wait for a restart of their service: until then the service runs with the earlier ones.
import { templateOf } from '../../shared/model/path.ts';
import type { Commit, Hooks } from './hooks.ts';
import type { Layers } from './tree/layers.ts';
import type { Tree } from './tree/tree.ts';

export class PendingValues {
  readonly #layers: Layers;
  /** Running values that differ from the configured ones, by path; tables with ''. */
  #values: Map<string, string> | undefined;
  /** Services that wait for something else than a value: a certificate. */
  #waiting: Set<string> | undefined;

  constructor(layers: Layers) {
    this.#layers = layers;
  }

  /** The value that the owning service runs with; undefined where that is the configured one. */
  running(path: string): string | undefined {
    return this.#values?.get(path);
  }

  /** Remembers the values that running services keep after a commit. @returns whether something waits */
  hold({ changes, tables }: Commit, hooks: Pick<Hooks, 'started'>): boolean {
    const { tree } = this.#layers;
    let waits = false;
    for (const change of changes) {
      const def = tree.find(change.path)?.def;
      if (!def?.needsRestart || !def.service || !hooks.started(def.service)) continue;
      if (this.#values?.get(change.path) === change.value) {
        this.#values.delete(change.path);
        continue;
      }
      this.#add(change.path, change.before);
      waits = true;
    }
    for (const table of tables) {
      const def = tree.index.tables.get(templateOf(table).template);
      if (!def?.service || !tree.model.children(def.path).parameters.some(column => column.needsRestart)) continue;
      if (!hooks.started(def.service)) continue;
      this.#add(table, '');
      waits = true;
    }
    return waits;
  }

  /** Keeps the first value of a path: the service was started with it. */
  #add(path: string, running: string): void {
    this.#values ??= new Map();
    if (!this.#values.has(path)) this.#values.set(path, running);
  }

  /** Services with settings that wait for their restart. */
  services(): Set<string> {
    const owners = [...(this.#values?.keys() ?? [])].flatMap(path => serviceOf(this.#layers.tree, path) ?? []);
    return new Set([...(this.#waiting ?? []), ...owners]);
  }

  /** The service must be restarted, although no value of its own waits. */
  wait(service: string): void {
    this.#waiting ??= new Set();
    this.#waiting.add(service);
  }

  /** A service runs with the certificates of before. */
  get isCertificateNew(): boolean {
    return (this.#waiting?.size ?? 0) > 0;
  }

  /** Drops the running values of a service: it starts with the configured ones. */
  release(service: string): void {
    this.#waiting?.delete(service);
    for (const path of this.#values?.keys() ?? []) {
      if (serviceOf(this.#layers.tree, path) === service) this.#values?.delete(path);
    }
  }

  /** Drops all running values: all services start with the configured ones. */
  clear(): void {
    this.#values = undefined;
    this.#waiting = undefined;
  }
}

function serviceOf({ model, index }: Tree, path: string): string | undefined {
  const { template } = templateOf(path);
  return (model.parameters.get(template) ?? index.tables.get(template))?.service;
}
