// Counts of what is appended to the history of devices.
const MAX_COUNTED = 50_000;

/** Counts what is appended, so that the oldest are looked for only now and then. */
export class AppendCounts {
  readonly #most: number;
  /** Entries of each tree since its oldest were looked for. */
  readonly #appended = new Map<string, number>();

  /** @param most entries after which the oldest of a tree are looked for */
  constructor(most: number) {
    this.#most = most;
  }

  /** The trees that got many entries since their oldest were looked for. */
  grown(trees: readonly string[]): string[] {
    const grown: string[] = [];
    for (const tree of trees) {
      const count = (this.#appended.get(tree) ?? 0) + 1;
      // The one that grew last is the last to be forgotten.
      this.#appended.delete(tree);
      if (count >= this.#most) grown.push(tree);
      else this.#appended.set(tree, count);
    }
    for (const oldest of this.#appended.keys()) {
      if (this.#appended.size <= MAX_COUNTED) break;
      this.#appended.delete(oldest);
    }
    return grown;
  }
}
