// Pages of records of which a caller may see only some.

/** Pages without anything to see, before an empty one is answered. */
const MAX_READS = 20;

/**
 * Reads pages until one has something to see, or it was tried often enough: then the page is empty, with a cursor.
 * @param see leaves what the caller may see
 */
export async function firstPage<Q extends { cursor?: string }, T>(
  query: Q,
  read: (query: Q) => Promise<{ items: readonly T[]; next?: string }>,
  see: (items: readonly T[]) => Promise<readonly T[]>,
): Promise<{ items: readonly T[]; next?: string }> {
  let page = await read(query);
  for (let reads = 1; ; reads++) {
    const items = await see(page.items);
    if (items.length > 0 || page.next === undefined || reads === MAX_READS) return { ...page, items };
    page = await read({ ...query, cursor: page.next });
  }
}
