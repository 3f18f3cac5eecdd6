// The clearing of many faults, so that the next sessions of their devices try again.
import { UserError } from '../../errors.ts';
import type { Filter } from '../../query/filter.ts';
import { eachPage } from '../../store/paging.ts';
import type { Store } from '../../store/store.ts';

/** Faults that are cleared at a time, so that their changes share commits. */
const AT_ONCE = 64;
/** Faults that are looked up at a time. */
const PAGE = 500;

interface Clearing {
  filter?: Filter;
  /** Milliseconds: faults that come later stay. */
  now: number;
  /** Number of the faults that are meant; absent for any. */
  expect: number | undefined;
}

/** @returns how many were cleared @throws UserError 409 `count-moved` where more or fewer fit than expected: then nothing has changed */
export async function clearFaults(store: Store, { expect, ...among }: Clearing): Promise<number> {
  if (expect !== undefined) {
    const count = await store.countFaults(among.filter, among.now);
    if (count !== expect) throw new UserError(409, 'count-moved', `${count} faults fit, not ${expect}`, { count });
  }
  let cleared = 0;
  // By device, an order that no clearing and no new attempt changes.
  for await (const page of eachPage({ ...among, sort: 'device', limit: PAGE }, query => store.faults(query))) {
    const old = page.filter(({ last }) => last <= among.now);
    for (let at = 0; at < old.length; at += AT_ONCE) {
      const clearing = old.slice(at, at + AT_ONCE).map(({ id, device }) => clearOne(store, device, id));
      cleared += (await Promise.all(clearing)).filter(Boolean).length;
    }
  }
  return cleared;
}

/** @returns whether it was there, and its device */
async function clearOne(store: Store, device: string, id: string): Promise<boolean> {
  try {
    return await store.apply(device, 'faultCleared', { id });
  } catch (error) {
    if (error instanceof UserError && error.status === 404) return false;
    throw error;
  }
}
