// Looks at all entries of a table again and again, at a share of them each time, so that no turn of the event loop is long.
import type { Clock, Timer } from '../../shared/clock.ts';

/** All entries are looked at within that time, in so many sweeps. */
const ROUND_MS = 10_000;
const SWEEPS = 10;

interface Entries {
  /** May be changed while it is walked, as the keys of a Map. */
  all(): Iterator<string>;
  size(): number;
}

export class Sweeps {
  readonly #clock: Clock;
  readonly #entries: Entries;
  readonly #look: (key: string) => void;
  #timer: Timer;

  constructor(clock: Clock, entries: Entries, look: (key: string) => void) {
    this.#clock = clock;
    this.#entries = entries;
    this.#look = look;
    this.#timer = this.#later(entries.all(), 1);
  }

  stop(): void {
    this.#timer.cancel();
  }

  /** @param least the share of the sweeps before in the same round, which does not shrink with the entries that end */
  #later(keys: Iterator<string>, least: number): Timer {
    return this.#clock.after(ROUND_MS / SWEEPS, () => {
      const share = Math.max(least, Math.ceil(this.#entries.size() / SWEEPS));
      let next = keys.next();
      for (let swept = 1; !next.done; swept++, next = keys.next()) {
        this.#look(next.value);
        if (swept === share) break;
      }
      this.#timer = next.done ? this.#later(this.#entries.all(), 1) : this.#later(keys, share);
    });
  }
}
