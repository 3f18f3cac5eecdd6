// Refused registrations and calls, kept for the operator: the last ones, and how many each row has refused. Bounded.

import { clip } from '../../shared/clip.ts';
import type { Clock } from '../../shared/clock.ts';

export interface Refusal {
  /** Milliseconds since the epoch. */
  time: number;
  what: 'registration' | 'call';
  kind: 'SIP' | 'H.323';
  /** Number that was refused, as the terminal named it. */
  dir: string;
  remote: string;
  encrypted: boolean;
  product?: string;
  /** Row or rule that refused: `Table 2 row 4`, `third-party client`. */
  row: string;
  reason: string;
}

const MOST = 1000;
const MOST_ROWS = 200;
const MAX_TEXT = 200;

export class Refusals {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #counts = new Map<string, number>();
  #list: Refusal[] = [];
  #total = 0;

  constructor(clock: Clock, most = MOST) {
    this.#clock = clock;
    this.#most = most;
  }

  add(refusal: Omit<Refusal, 'time'>): void {
    const { dir, product, row, reason } = refusal;
    const kept = { ...refusal, dir: clip(dir, MAX_TEXT), reason: clip(reason, MAX_TEXT), time: this.#clock.now() };
    if (product !== undefined) kept.product = clip(product, MAX_TEXT);
    this.#total++;
    if (this.#counts.has(row) || this.#counts.size < MOST_ROWS) this.#counts.set(row, (this.#counts.get(row) ?? 0) + 1);
    this.#list.push(kept);
    if (this.#list.length >= 2 * this.#most) this.#list = this.#list.slice(-this.#most);
  }

  /** The last ones, the newest first. */
  all(): Refusal[] {
    return this.#list.slice(-this.#most).reverse();
  }

  /** Number of refusals since the start. */
  get total(): number {
    return this.#total;
  }

  /** Number of refusals of each row since the start. */
  byRow(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
