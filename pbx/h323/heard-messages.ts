// Counts of the H.323 messages that came, by type, for the metrics.

export interface HeardCount {
  kind: 'H.323';
  direction: 'received';
  /** Name in H.225.0, such as `registrationRequest` or `setup`. */
  type: string;
  count: number;
}

export class HeardMessages {
  readonly #counts = new Map<string, number>();

  add(type: string): void {
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
  }

  counts(): HeardCount[] {
    return [...this.#counts].map(([type, count]) => ({ kind: 'H.323', direction: 'received', type, count }));
  }
}
