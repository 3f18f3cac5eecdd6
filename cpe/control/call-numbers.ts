// Short numbers for the calls of a unit, by their Call-IDs: from 1 in the order in which they are first asked for.
const MAX_NUMBERS = 1000;

export class CallNumbers {
  /** Those of the last calls. */
  readonly #numbers = new Map<string, number>();
  #last = 0;

  of(callId: string): number {
    const known = this.#numbers.get(callId);
    if (known !== undefined) return known;
    this.#numbers.set(callId, ++this.#last);
    const [oldest] = this.#numbers.keys();
    if (this.#numbers.size > MAX_NUMBERS && oldest !== undefined) this.#numbers.delete(oldest);
    return this.#last;
  }
}
