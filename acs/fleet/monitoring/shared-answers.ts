// Answers that many callers ask for: worked out once for all with the same rights, and kept for a moment.
import type { Clock } from '../../../shared/clock.ts';

/** Answers of one kind take no more than this part of the time: one that is slow to work out is kept longer. */
const MAX_TIME_SHARE = 0.05;
/** An answer that may rest takes no more than this part, as long as its rest lasts. */
const RESTING_TIME_SHARE = 0.01;

interface Answer<T> {
  made: Promise<T>;
  until: number;
}

export class SharedAnswers<T> {
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #restMs: number;
  readonly #most: number;
  readonly #answers = new Map<string, Answer<T>>();

  /** @param restMs an answer that costs something is kept so long */
  constructor(clock: Clock, keptMs: number, { restMs = 0, most = 50 } = {}) {
    this.#clock = clock;
    this.#keptMs = keptMs;
    this.#restMs = restMs;
    this.#most = most;
  }

  /** @param key the same for all that may have the same answer @throws whatever `make` throws */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    if (known && this.#clock.monotonic() < known.until) return await known.made;
    const began = this.#clock.monotonic();
    const answer = { made: make(), until: Number.POSITIVE_INFINITY };
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#most) break;
      this.#answers.delete(oldest);
    }
    try {
      return await answer.made;
    } catch (error) {
      if (this.#answers.get(key) === answer) this.#answers.delete(key);
      throw error;
    } finally {
      const now = this.#clock.monotonic();
      const took = now - began;
      const rest = Math.min(this.#restMs, took / RESTING_TIME_SHARE);
      answer.until = now + Math.max(this.#keptMs, took / MAX_TIME_SHARE, rest);
    }
  }
}
