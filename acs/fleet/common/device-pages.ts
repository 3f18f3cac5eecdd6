// All devices, read page by page, so that sessions get their turn in between.
import type { DeviceRow } from '../../device/row.ts';
import type { DeviceQuery, Store } from '../../store/store.ts';

/**
 * Reads the devices that fit, each page while the one before is worked on.
 * @param query.only the fields that are needed: the others may be missing
 * @param readsAhead false for work that changes the rows that it reads: then a page is read only after the one before it is done
 */
export async function* pagesOf(
  store: Pick<Store, 'devices'>,
  query: Omit<DeviceQuery, 'cursor'>,
  readsAhead = true,
): AsyncGenerator<readonly DeviceRow[]> {
  const pageAfter = (cursor?: string): ReturnType<Store['devices']> => {
    const reading = store.devices({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    // A failure is thrown where the page is awaited; a page that is never awaited fails unheard.
    reading.catch(() => undefined);
    return reading;
  };
  for (let page = await pageAfter(); ; ) {
    const following = page.next === undefined || !readsAhead ? undefined : pageAfter(page.next);
    yield page.items;
    if (page.next === undefined) return;
    page = await (following ?? pageAfter(page.next));
  }
}

/** Devices that are worked through without a break: less than a millisecond. */
const PORTION = 32;

/** Yields a page in parts, with a break before each but the first, so that sessions get their turn. */
export async function* portionsOf<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += PORTION) {
    if (at > 0) await new Promise(resolve => setImmediate(resolve));
    yield items.slice(at, at + PORTION);
  }
}
