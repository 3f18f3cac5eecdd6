// Bounds the messages that one network sends in a second, so that a flood costs no more than counting it.
import type { Clock } from '../../../shared/clock.ts';
import { networkOf } from '../../../shared/net/address.ts';

export class MessageRate {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #counts = new Map<string, number>();
  #second = 0;

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Counts a message of that address. @returns false where there are too many in this second */
  allows(address: string): boolean {
    const second = Math.floor(this.#clock.monotonic() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#counts.clear();
    }
    const network = networkOf(address);
    const count = (this.#counts.get(network) ?? 0) + 1;
    this.#counts.set(network, count);
    return count <= this.#most;
  }
}
