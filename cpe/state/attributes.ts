// Attributes of parameters: notification of changes, and write access (TR-069 A.3.2.4, A.3.2.5).
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { ParameterAttribute } from '../../shared/cwmp/methods.ts';
import type { ParameterDef } from '../../shared/model/definitions.ts';
import { isPartial } from '../../shared/model/path.ts';
import { resolveAliases } from './tree/alias.ts';
import type { Layers } from './tree/layers.ts';
import { mustFind, mustFindObject, readEach } from './tree/reads.ts';
import type { Tree } from './tree/tree.ts';
import { walk } from './tree/walk.ts';
import { WorkLimit } from './work-limit.ts';

interface Attributes {
  notification?: number;
  accessList?: string[];
}

export interface AttributeItem {
  path: string;
  notification?: number;
  accessList?: string[];
}

export type StoredAttributes = [string, Attributes][];

export class ParameterAttributes {
  readonly #layers: Layers;
  /** Attributes that were set, by path; undefined until the first is. Replaced as a whole, so an earlier map can be restored. */
  #own: ReadonlyMap<string, Attributes> | undefined;

  constructor(layers: Layers, stored: StoredAttributes = []) {
    this.#layers = layers;
    if (stored.length > 0) this.#own = new Map(stored);
  }

  stored(): StoredAttributes {
    return [...(this.#own ?? [])];
  }

  restore(stored: StoredAttributes): void {
    this.#own = stored.length > 0 ? new Map(stored) : undefined;
  }

  /** GetParameterAttributes, TR-069 A.3.2.5. @throws CwmpFault 9005 */
  read(path: string): ParameterAttribute[] {
    const { tree } = this.#layers;
    return readEach(tree, path, concrete => this.#at(tree, concrete));
  }

  #at(tree: Tree, path: string): ParameterAttribute[] {
    if (!isPartial(path)) return [this.#of(path, mustFind(tree, path).def)];
    mustFindObject(tree, path);
    return Array.from(walk(tree, path), node => this.#of(node.path, node.def));
  }

  #of(path: string, def: ParameterDef): ParameterAttribute {
    const own = this.#own?.get(path);
    return {
      Name: path,
      Notification: own?.notification ?? initialNotification(def),
      AccessList: own?.accessList ?? ['Subscriber'],
    };
  }

  /**
   * SetParameterAttributes, TR-069 A.3.2.4: all or nothing; a partial path means the parameters below it that exist now.
   * @returns takes the change back @throws CwmpFault 9003, 9004, 9005, 9009
   */
  set(items: readonly AttributeItem[]): () => void {
    const { tree } = this.#layers;
    const next = new Map(this.#own);
    const limit = new WorkLimit();
    for (const item of items) {
      const change = attributesOf(item);
      // Wildcards are for reading only.
      const path = resolveAliases(tree, item.path);
      if (path === undefined) throw new CwmpFault(9005, `${item.path} does not exist`);
      for (const { Name } of limit.counted(this.#at(tree, path))) {
        refuseDenied(Name, mustFind(tree, Name).def, item);
        next.set(Name, { ...next.get(Name), ...change });
      }
    }
    return this.#use(next);
  }

  /** Drops the attributes below deleted rows. @returns takes the change back */
  forgetBelow(prefixes: readonly string[]): () => void {
    if (!this.#own || prefixes.length === 0) return () => undefined;
    const isGone = (path: string): boolean => prefixes.some(prefix => path.startsWith(prefix));
    return this.#use(new Map([...this.#own].filter(([path]) => !isGone(path))));
  }

  #use(next: ReadonlyMap<string, Attributes>): () => void {
    const before = this.#own;
    this.#own = next;
    return () => {
      this.#own = before;
    };
  }

  /** TR-069 A.3.2.4: an entity that is not in the AccessList must not write. The only one defined is the Subscriber. */
  isWithheldFromSubscriber(path: string): boolean {
    return this.#own?.get(path)?.accessList?.includes('Subscriber') === false;
  }
}

/** TR-069 A.3.2.4 and TR-106 2.4.3: a notification that the model forces on is on by default. */
function initialNotification(def: ParameterDef): number {
  return def.activeNotify === 'forceEnabled' || def.activeNotify === 'forceDefaultEnabled' ? 2 : 0;
}

function attributesOf({ path, notification, accessList }: AttributeItem): Attributes {
  if (notification !== undefined && !(Number.isInteger(notification) && notification >= 0 && notification <= 6)) {
    throw new CwmpFault(9003, `${path}: there is no notification ${notification}`);
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
