// The parameters of a unit as SNMP walks them: by object identifier, each read at the moment that it is asked for.
import { type Unit, uptimeSeconds } from '../services/service.ts';
import { ARC, compareOids, isBelow, type Leaf, numberingOf, type Oid, pathOf, tableAbove } from './numbering.ts';
import { encode, types, type Value } from './values.ts';

export interface Varbind extends Value {
  oid: Oid;
}

/** The group `system` of SNMPv2-MIB, read-only. */
const system: readonly { oid: Oid; read(unit: Unit): Value }[] = [
  {
    oid: [1, 3, 6, 1, 2, 1, 1, 1, 0],
    read: unit => text(`${unit.identity.manufacturer} ${unit.identity.productClass}`),
  },
  { oid: [1, 3, 6, 1, 2, 1, 1, 2, 0], read: () => ({ type: types.oid, value: ARC.join('.') }) },
  {
    oid: [1, 3, 6, 1, 2, 1, 1, 3, 0],
    read: unit => ({ type: types.ticks, value: (uptimeSeconds(unit) * 100) % 2 ** 32 }),
  },
  { oid: [1, 3, 6, 1, 2, 1, 1, 5, 0], read: unit => text(unit.config.variable('Hoc.SystemName') ?? '') },
];

const text = (value: string): Value => ({ type: types.string, value: Buffer.from(value) });

export class View {
  readonly #unit: Unit;
  readonly #leaves: readonly Leaf[];

  constructor(unit: Unit) {
    this.#unit = unit;
    this.#leaves = numberingOf(unit.model).leaves;
  }

  get(oid: Oid): Varbind {
    const own = system.find(entry => compareOids(entry.oid, oid) === 0);
    if (own) return { oid, ...own.read(this.#unit) };
    const found = this.find(oid);
    if (!found) {
      const isObject = this.#at(oid) !== undefined;
      return { oid, type: isObject ? types.noSuchInstance : types.noSuchObject, value: null };
    }
    return { oid, ...this.#read(found.leaf, found.instances) };
  }

  /** The parameter at an object identifier, with its row. */
  find(oid: Oid): { leaf: Leaf; path: string; instances: number[] } | undefined {
    const leaf = this.#at(oid);
    if (!leaf) return undefined;
    const rest = oid.slice(leaf.oid.length);
    if (leaf.depth === 0)
      return rest.length === 1 && rest[0] === 0 ? { leaf, path: leaf.def.path, instances: [] } : undefined;
    if (rest.length !== leaf.depth) return undefined;
    const path = pathOf(leaf, rest);
    return this.#unit.config.tree.find(path) ? { leaf, path, instances: rest } : undefined;
  }

  /** All that come after an object identifier, in order. */
  *after(oid: Oid): Generator<Varbind> {
    for (const entry of system) {
      if (compareOids(entry.oid, oid) > 0) yield { oid: entry.oid, ...entry.read(this.#unit) };
    }
    const first = lastOf(this.#leaves, oid);
    for (let at = Math.max(first, 0); at < this.#leaves.length; at++) {
      const leaf = this.#leaves[at];
      if (!leaf) return;
      for (const instances of this.#rows(leaf, [])) {
        const full = [...leaf.oid, ...(leaf.depth === 0 ? [0] : instances)];
        if (at > first || compareOids(full, oid) > 0) yield { oid: full, ...this.#read(leaf, instances) };
      }
    }
  }

  /** The leaf that an object identifier is or lies below. */
  #at(oid: Oid): Leaf | undefined {
    const leaf = this.#leaves[lastOf(this.#leaves, oid)];
    return leaf && isBelow(oid, leaf.oid) ? leaf : undefined;
  }

  *#rows(leaf: Leaf, above: readonly number[]): Generator<number[]> {
    if (above.length === leaf.depth) {
      yield [...above];
      return;
    }
    for (const row of [...this.#unit.config.tree.rows(tableAbove(leaf, above))].sort((a, b) => a - b)) {
      yield* this.#rows(leaf, [...above, row]);
    }
  }

  /** Passwords read as empty. */
  #read(leaf: Leaf, instances: number[]): Value {
    const { def } = leaf;
    return encode(def, def.hidden ? '' : this.#unit.config.tree.value(pathOf(leaf, instances), { def, instances }));
  }
}

/** Place of the last leaf that is not after an object identifier; -1 where all are. */
function lastOf(leaves: readonly Leaf[], oid: Oid): number {
  let low = 0;
  let high = leaves.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareOids(leaves[middle]?.oid ?? [], oid) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
