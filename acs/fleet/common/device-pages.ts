// A fleet, page by page: for what looks at all devices. Sessions come in between.
import type { DeviceRow } from '../../device/row.ts';
import type { DeviceQuery, Store } from '../../store/store.ts';

/**
 * Devices that fit, each page read while the one before is worked on.
 * @param query.only the fields that are needed: the others may be missing
 * @param readsAhead false for what changes the rows that it is looking at: by where each page ended, so that what has moved out of the
 * filter is not passed over again and again
 */
export async function* pagesOf(
  store: Pick<Store, 'devices'>,
  query: Omit<DeviceQuery, 'cursor'>,
  readsAhead = true,
): AsyncGenerator<readonly DeviceRow[]> {
  const pageAfter = (cursor?: string): ReturnType<Store['devices']> => {
    const reading = store.devices({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    // A failure is told where the page is waited for; until then, or where nobody comes to wait for it, nobody hears it.
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

/** As much as is worked through without a break: less than a millisecond. */
const PORTION = 32;

/** A page in parts, with a break before each but the first: sessions go on there. */
export async function* portionsOf<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += PORTION) {
    if (at > 0) await new Promise(resolve => setImmediate(resolve));
    yield items.slice(at, at + PORTION);
  }
}
