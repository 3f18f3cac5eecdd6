// The devices that a filter of rights reaches: asked of the store, so that lists and single devices are judged alike.
import type { DeviceRow } from '../../device/row.ts';
import { devicesWithIds, type Filter, pathsOf } from '../../query/filter.ts';
import { lookupIn, toPredicate } from '../../query/predicate.ts';
import { isWild, wildStart } from '../../query/wildcard.ts';
import type { FleetContext } from '../common/context.ts';

export type StoreContext = Pick<FleetContext, 'store' | 'clock'>;

/** Devices that one question to the store is about. */
const AT_ONCE = 200;

/** @returns those of the devices that exist and fit the filter */
export async function devicesWithin(
  { store, clock }: StoreContext,
  within: Filter,
  devices: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const asked = [...new Set(devices)];
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const filter: Filter = { op: 'and', of: [devicesWithIds(asked.slice(at, at + AT_ONCE)), within] };
    const { items } = await store.devices({ filter, limit: AT_ONCE, now: clock.now() });
    for (const { id } of items) found.add(id);
  }
  return found;
}

/** @param row a device as it would be; its known parameters are those that are stored */
export async function isWithin({ store, clock }: StoreContext, within: Filter, row: DeviceRow): Promise<boolean> {
  const known = new Map<string, string>();
  for (const path of pathsOf(within))
    for (const value of await store.parameters(row.id, isWild(path) ? partialBefore(path) : path))
      known.set(value.path, value.value);
  return toPredicate(within)(row, clock.now(), lookupIn(known));
}

/** The partial path in which all lie that a path with `*` names. */
function partialBefore(path: string): string {
  const start = wildStart(path);
  return start.slice(0, start.lastIndexOf('.') + 1);
}
