// The limit on guesses of passwords: wrong ones are answered more slowly each time, by address and by login. Good ones pass at once.
import type { Clock } from '../../../shared/clock.ts';
import { networkOf } from '../../../shared/net/address.ts';
import type { EventBus } from '../../events.ts';
import { RecentValues } from '../common/recent-values.ts';

/** Wrong passwords of an address, or for a login, that are answered at once: a device may have lost its own. */
export const FREE_GUESSES = 5;
/** The wait after the first guess beyond those; each further one doubles it. */
export const FIRST_WAIT_MS = 500;
/** A CPE waits 30 s for an answer (TR-069 3.4.2). */
export const LONGEST_WAIT_MS = 20_000;
/** Wrong answers that wait at once, by address and by login; further guesses are not even checked. */
export const MAX_PENDING = 8;
/** Passwords of one address that are checked at once; the next ones wait for their turn, which takes a moment. */
export const MAX_CHECKING = 8;
/** Guesses are forgotten when none has come for this long. */
export const FORGET_MS = 15 * 60_000;
/** Addresses and logins that are remembered. */
const MAX_KEYS = 10_000;

interface Guesses {
  count: number;
  pending: number;
  last: number;
}

/** Counts of one kind of key, the least recently used first. */
class Counts {
  readonly #byKey = new Map<string, Guesses>();

  of(key: string, now: number): Guesses | undefined {
    const known = this.#byKey.get(key);
    return known && (known.pending > 0 || now - known.last < FORGET_MS) ? known : undefined;
  }

  add(key: string, now: number): Guesses {
    const guesses = this.of(key, now) ?? { count: 0, pending: 0, last: now };
    this.#byKey.delete(key);
    this.#byKey.set(key, guesses);
    const [oldest] = this.#byKey.keys();
    if (this.#byKey.size > MAX_KEYS && oldest !== undefined) this.#byKey.delete(oldest);
    guesses.count++;
    guesses.last = now;
    return guesses;
  }
}

/** Turns of each address. */
class Turns {
  readonly #byKey = new Map<string, { running: number; waiting: (() => void)[] }>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.#byKey.get(key) ?? { running: 0, waiting: [] };
    this.#byKey.set(key, line);
    if (line.running >= MAX_CHECKING) await new Promise<void>(resolve => line.waiting.push(resolve));
    else line.running++;
    try {
      return await work();
    } finally {
      const next = line.waiting.shift();
      if (next) next();
      else if (--line.running === 0) this.#byKey.delete(key);
    }
  }
}

/** The outcome of a check: `wrong` is a wrong password, all else is no guess. */
export interface Checked {
  isGood: boolean;
  isWrong: boolean;
}

export class GuessLimit {
  readonly #clock: Clock;
  readonly #events: EventBus;
  readonly #byAddress = new Counts();
  readonly #byLogin = new Counts();
  readonly #turns = new Turns();
  /** The address from which a login was last good, bounded like the counts. */
  readonly #good = new RecentValues<string>(MAX_KEYS);

  constructor({ clock, events }: { clock: Clock; events: EventBus }) {
    this.#clock = clock;
    this.#events = events;
  }

  /**
   * Checks a password, unless too many wrong ones wait for their answer. A wrong one is returned only when it may be answered.
   * @returns undefined where it was not checked
   */
  async check<T>(
    { address, login }: { address: string; login: string },
    verify: () => Promise<T>,
    judge: (result: T) => Checked,
  ): Promise<T | undefined> {
    let waitMs = 0;
    const result = await this.#turns.run(networkOf(address), async () => {
      if (this.#refuses(address, login)) return undefined;
      const checked = await verify();
      if (judge(checked).isGood) this.#good.set(login, networkOf(address));
      if (judge(checked).isWrong) waitMs = this.#failed(address, login);
      return checked;
    });
    if (result === undefined) this.#events.emit('wrongPassword', { outcome: 'unchecked' });
    if (waitMs > 0) {
      await this.#clock.sleep(waitMs);
      for (const guesses of this.#guessesOf(address, login)) guesses.pending--;
    }
    return result;
  }

  #guessesOf(address: string, login: string): Guesses[] {
    const now = this.#clock.now();
    return [this.#byAddress.of(networkOf(address), now), this.#byLogin.of(login, now)].filter(
      guesses => guesses !== undefined,
    );
  }

  #refuses(address: string, login: string): boolean {
    const now = this.#clock.now();
    const network = networkOf(address);
    const ofAddress = this.#byAddress.of(network, now)?.pending ?? -1;
    const ofLogin = this.#byLogin.of(login, now)?.pending ?? 0;
    // The device itself may come from this address, together with the one that guesses.
    const most = this.#good.get(login) === network ? 4 * MAX_PENDING : MAX_PENDING;
    // A login that others guess at stays usable from an address that has not guessed.
    return ofAddress >= most || (ofLogin >= most && ofAddress >= 0);
  }

  /** Counts a wrong password. @returns the time for which its answer waits */
  #failed(address: string, login: string): number {
    const now = this.#clock.now();
    const both = [this.#byAddress.add(networkOf(address), now), this.#byLogin.add(login, now)];
    this.#events.emit('wrongPassword', { outcome: 'wrong' });
    const count = Math.max(...both.map(guesses => guesses.count)) - FREE_GUESSES;
    if (count <= 0) return 0;
    if (both.some(guesses => guesses.count === FREE_GUESSES + 1))
      this.#events.emit('guessing', { address, login, count: FREE_GUESSES + 1 });
    for (const guesses of both) guesses.pending++;
    return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (count - 1));
  }
}
