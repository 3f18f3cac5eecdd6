// Requests on a network that may break at any moment: each is tried again for a while; once one has given up, the others fail at once
// until the server answers again.
import type { Clock, Random } from '../../../shared/clock.ts';
import type { UserError } from '../../errors.ts';
import { isAnswer, isPassing, lastingError } from './link-errors.ts';

/** Without any answer for this long, a request that gives up speaks for all. Longer than the time between two refreshes. */
const QUIET_MS = 1200;
const MAX_PAUSE_MS = 500;

export interface ReachSettings {
  clock: Clock;
  random: Random;
  /** Time for which a request is tried again, milliseconds. */
  patienceMs: number;
  unavailable(error: unknown): UserError;
}

export class Reach {
  readonly #settings: ReachSettings;
  /** The server last answered then. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** Why every request fails at once; undefined while the server is reached. */
  #cutOff: UserError | undefined;

  constructor(settings: ReachSettings) {
    this.#settings = settings;
  }

  isCutOff(): boolean {
    return this.#cutOff !== undefined;
  }

  /** Tries until it succeeds. `work` must be safe to be done twice. @throws UserError 503 `store-unavailable` */
  async retry<T>(work: () => Promise<T>, patienceMs = this.#settings.patienceMs): Promise<T> {
    if (this.#cutOff) throw this.#cutOff;
    const { clock, random, unavailable } = this.#settings;
    const started = clock.monotonic();
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (!isPassing(error)) throw lastingError(error, unavailable);
        if (clock.monotonic() - started >= patienceMs) throw this.#givenUp(error);
        await clock.sleep(Math.min(MAX_PAUSE_MS, 25 * 2 ** attempt) * (0.5 + random.next()));
      }
    }
  }

  /** Tries once, also while others fail at once: an answer lets them try again. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#answered();
      return result;
    } catch (error) {
      if (isAnswer(error) && !isPassing(error)) this.#answered();
      throw error;
    }
  }

  #answered(): void {
    this.#answeredAt = this.#settings.clock.monotonic();
    this.#cutOff = undefined;
  }

  #givenUp(error: unknown): UserError {
    const reason = this.#settings.unavailable(error);
    if (this.#settings.clock.monotonic() - this.#answeredAt >= QUIET_MS) this.#cutOff = reason;
    return reason;
  }
}
