// A bounded map of the values that were set last: beyond its bound it forgets the oldest one.

export class RecentValues<T> {
  readonly #most: number;
  readonly #values = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  /** @returns the value before */
  set(key: string, value: T): T | undefined {
    const before = this.#values.get(key);
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#most)
      for (const oldest of this.#values.keys()) {
        this.#values.delete(oldest);
        break;
      }
    return before;
  }
}
