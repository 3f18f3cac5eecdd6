// Faults counted in groups, in any store: each fault is added once, those of one device after each other.
import type { FaultGroup, FaultGroups } from './store.ts';

/** A fault as it is counted. */
export interface CountedFault {
  id: string;
  /** Id of its device. */
  device: string;
  /** Its values of what is grouped by, in that order. */
  key: readonly string[];
  first: number;
  last: number;
  firmware: string;
  product: string;
}

/** Devices that a group names. */
const EXAMPLES = 3;
/** Values of the firmware and of the product that a group names. */
const SPREAD = 8;

interface Group {
  key: readonly string[];
  count: number;
  devices: number;
  /** The device that was counted last. */
  device: string;
  first: number;
  last: number;
  /** The latest fault of each of some devices, the latest first. */
  latest: { id: string; device: string; last: number }[];
  firmware: Map<string, number>;
  product: Map<string, number>;
}

export class FaultTally {
  readonly #groups = new Map<string, Group>();
  #total = 0;
  #devices = 0;
  #device: string | undefined;

  add(fault: CountedFault): void {
    const { device, key, first, last } = fault;
    this.#total++;
    if (device !== this.#device) this.#devices++;
    this.#device = device;
    const name = key.join('\0');
    const group = this.#groups.get(name) ?? newGroup(key);
    if (group.count === 0) this.#groups.set(name, group);
    group.count++;
    if (group.device !== device) group.devices++;
    group.device = device;
    group.first = Math.min(group.first, first);
    group.last = Math.max(group.last, last);
    noteLatest(group, fault);
    group.firmware.set(fault.firmware, (group.firmware.get(fault.firmware) ?? 0) + 1);
    group.product.set(fault.product, (group.product.get(fault.product) ?? 0) + 1);
  }

  /** The largest groups first. */
  groups(limit: number): FaultGroups {
    const all = [...this.#groups.values()].sort((a, b) => b.count - a.count || orderOf(a.key, b.key));
    const groups = all.slice(0, limit).map(viewOf);
    const shown = groups.reduce((sum, { count }) => sum + count, 0);
    return {
      total: this.#total,
      devices: this.#devices,
      groups,
      omitted: { groups: all.length - groups.length, faults: this.#total - shown },
    };
  }
}

const newGroup = (key: readonly string[]): Group => ({
  ...{ key, count: 0, devices: 0, device: '', first: Number.POSITIVE_INFINITY, last: 0, latest: [] },
  ...{ firmware: new Map(), product: new Map() },
});

function noteLatest({ latest }: Group, { id, device, last }: CountedFault): void {
  const own = latest.findIndex(other => other.device === device);
  if (own >= 0 && latest[own]!.last >= last) return;
  if (own >= 0) latest.splice(own, 1);
  const place = latest.findIndex(other => last > other.last || (last === other.last && device < other.device));
  if (place < 0 && latest.length >= EXAMPLES) return;
  latest.splice(place < 0 ? latest.length : place, 0, { id, device, last });
  latest.length = Math.min(latest.length, EXAMPLES);
}

const viewOf = ({ key, count, devices, first, last, latest, firmware, product }: Group): FaultGroup => ({
  ...{ key: [...key], count, devices, first, last },
  latest: latest[0]?.id ?? '',
  examples: latest.map(({ device }) => device),
  spread: { firmware: largest(firmware), product: largest(product) },
});

const largest = (counts: ReadonlyMap<string, number>): { value: string; count: number }[] =>
  [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, SPREAD);

function orderOf(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((text, index) => text !== other[index]);
  return at < 0 ? 0 : one[at]! < other[at]! ? -1 : 1;
}
