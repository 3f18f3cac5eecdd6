// Who waits for a session, in the order in which they get one: by rank, within a rank first come, first served. Every step costs the
// same however many wait, and anyone may leave from the middle.

interface Node<T> {
  item: T;
  rank: number;
  before: Node<T> | undefined;
  after: Node<T> | undefined;
  queued: boolean;
}

interface Line<T> {
  first: Node<T> | undefined;
  last: Node<T> | undefined;
}

export interface RankedQueue<T> {
  size(): number;
  /** @returns takes the item out again; false when it has left already */
  add(rank: number, item: T): () => boolean;
  /** Takes out who is next: of the highest rank, who came first. */
  next(): T | undefined;
  /** Takes out who would be served last, if its rank is below `rank`. */
  displace(rank: number): T | undefined;
}

/** @param ranks how many there are; a higher one counts as the highest */
export function createRankedQueue<T>(ranks: number): RankedQueue<T> {
  const lines: Line<T>[] = Array.from({ length: ranks }, () => ({ first: undefined, last: undefined }));
  let size = 0;

  const clamped = (rank: number): number => Math.max(0, Math.min(ranks - 1, Math.floor(rank) || 0));
  const remove = (node: Node<T>): boolean => {
    if (!node.queued) return false;
    const line = lines[node.rank]!;
    if (node.before) node.before.after = node.after;
    else line.first = node.after;
    if (node.after) node.after.before = node.before;
    else line.last = node.before;
    node.queued = false;
    size--;
    return true;
  };
  const take = (node: Node<T> | undefined): T | undefined => {
    if (!node) return undefined;
    remove(node);
    return node.item;
  };

  return {
    size: () => size,
    add: (given, item) => {
      const rank = clamped(given);
      const line = lines[rank]!;
      const node: Node<T> = { item, rank, before: line.last, after: undefined, queued: true };
      if (line.last) line.last.after = node;
      else line.first = node;
      line.last = node;
      size++;
      return () => remove(node);
    },
    next: () => take(lines.findLast(line => line.first)?.first),
    displace: rank => {
      const lowest = lines.find(line => line.last)?.last;
      return lowest && lowest.rank < clamped(rank) ? take(lowest) : undefined;
    },
  };
}
