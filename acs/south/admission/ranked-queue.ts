// Queue by rank, first come first served within a rank. Every step costs the same whatever the length, and an item may leave from the
// middle.

interface Node<T> {
  item: T;
  rank: number;
  before: Node<T> | undefined;
  after: Node<T> | undefined;
  isQueued: boolean;
}

interface Line<T> {
  first: Node<T> | undefined;
  last: Node<T> | undefined;
}

export class RankedQueue<T> {
  readonly #lines: Line<T>[];
  #size = 0;

  /** @param ranks the number of ranks; a higher rank counts as the highest */
  constructor(ranks: number) {
    this.#lines = Array.from({ length: ranks }, () => ({ first: undefined, last: undefined }));
  }

  get size(): number {
    return this.#size;
  }

  /** @returns takes the item out again; false when it has left already */
  add(given: number, item: T): () => boolean {
    const rank = this.#clamped(given);
    const line = this.#lines[rank]!;
    const node: Node<T> = { item, rank, before: line.last, after: undefined, isQueued: true };
    if (line.last) line.last.after = node;
    else line.first = node;
    line.last = node;
    this.#size++;
    return () => this.#remove(node);
  }

  /** Takes out the first item of the highest rank below `end`. */
  next(end = this.#lines.length): T | undefined {
    return this.#take(this.#lines.findLast((line, rank) => rank < end && line.first)?.first);
  }

  /** Takes out the item that would be served last, if its rank is below `rank`. */
  displace(rank: number): T | undefined {
    const lowest = this.#lines.find(line => line.last)?.last;
    return lowest && lowest.rank < this.#clamped(rank) ? this.#take(lowest) : undefined;
  }

  #clamped(rank: number): number {
    return Math.max(0, Math.min(this.#lines.length - 1, Math.floor(rank) || 0));
  }

  #take(node: Node<T> | undefined): T | undefined {
    if (!node) return undefined;
    this.#remove(node);
    return node.item;
  }

  #remove(node: Node<T>): boolean {
    if (!node.isQueued) return false;
    const line = this.#lines[node.rank]!;
    if (node.before) node.before.after = node.after;
    else line.first = node.after;
    if (node.after) node.after.before = node.before;
    else line.last = node.before;
    node.isQueued = false;
    this.#size--;
    return true;
  }
}
