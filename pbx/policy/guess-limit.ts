// Bounds guesses of a PIN: after some wrong proofs for a number, its proofs from that network are not judged for a while.
import { createHash } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { networkOf } from '../../shared/net/address.ts';

const MOST_WRONG = 10;
const WINDOW_MS = 5 * 60_000;
/** Numbers and networks that are remembered; peers can make up any number of them. */
const MOST_KEYS = 10_000;

export class GuessLimit {
  readonly #clock: Clock;
  readonly #wrong = new Map<string, { count: number; since: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isOver(dir: string, address: string): boolean {
    const known = this.#wrong.get(keyOf(dir, address));
    return known !== undefined && known.count >= MOST_WRONG && this.#isRecent(known.since);
  }

  wrong(dir: string, address: string): void {
    const key = keyOf(dir, address);
    const known = this.#wrong.get(key);
    if (known && this.#isRecent(known.since)) {
      known.count++;
      return;
    }
    this.#wrong.delete(key);
    const [oldest] = this.#wrong.keys();
    if (this.#wrong.size >= MOST_KEYS && oldest !== undefined) this.#wrong.delete(oldest);
    this.#wrong.set(key, { count: 1, since: this.#clock.monotonic() });
  }

  right(dir: string, address: string): void {
    this.#wrong.delete(keyOf(dir, address));
  }

  #isRecent(since: number): boolean {
    return this.#clock.monotonic() - since < WINDOW_MS;
  }
}

/** Of one length, whatever name the peer makes up. */
const keyOf = (dir: string, address: string): string =>
  createHash('sha256')
    .update(`${dir} ${networkOf(address)}`)
    .digest('base64');
