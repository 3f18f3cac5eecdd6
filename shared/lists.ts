// Lists that thousands of objects hold one of.

/** A copy with one entry more, of the exact length: a list that grows by a spread or a push reserves places for 16 others. */
export const withEntry = <T>(list: readonly T[] | undefined, entry: T): T[] => (list ?? []).concat([entry]);
