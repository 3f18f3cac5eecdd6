// Requests that wait for a thread: long ones, each a group of its own, and all others together. The two take turns.
import type { Batch } from './batch.ts';

export class WaitingRequests {
  #together: Batch = [];
  readonly #long: Batch[] = [];
  #wasLong = true;

  /** The number of long ones. */
  get long(): number {
    return this.#long.length;
  }

  /** The group that was taken last was a long request. */
  get wasLong(): boolean {
    return this.#wasLong;
  }

  /** The next group is a long request. */
  isLongTurn(): boolean {
    return this.#long.length > 0 && (!this.#wasLong || this.#together.length === 0);
  }

  add(entry: Batch, isLong: boolean): void {
    if (isLong) this.#long.push(entry);
    else this.#together.push(...entry);
  }

  /** Takes out the next group; it is empty where nothing waits. */
  take(): Batch {
    this.#wasLong = this.isLongTurn();
    if (this.#wasLong) return this.#long.shift() ?? [];
    const group = this.#together;
    this.#together = [];
    return group;
  }
}
