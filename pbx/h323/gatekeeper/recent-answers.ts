// Answers that were given lately: a request that is repeated, since its answer was lost, gets the same one and is not carried
// out a second time (H.225.0 7.19).
import type { Clock } from '../../../shared/clock.ts';

interface Entry {
  request: Buffer;
  /** Undefined while the request is in progress. */
  answer: Buffer | undefined;
  at: number;
}

const KEEP_MS = 10_000;
const MOST = 5000;

export class RecentAnswers {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Notes a request.
   * @param key the peer and the request's sequence number
   * @returns `new`; else the answer that it was given, undefined while it has none
   */
  begin(key: string, request: Buffer): 'new' | Buffer | undefined {
    const now = this.#clock.monotonic();
    const known = this.#entries.get(key);
    if (known && now - known.at < KEEP_MS && known.request.equals(request)) return known.answer;
    this.#entries.delete(key);
    this.#entries.set(key, { request, answer: undefined, at: now });
    this.#dropOldest(now);
    return 'new';
  }

  answered(key: string, answer: Buffer): void {
    const entry = this.#entries.get(key);
    if (entry) entry.answer = answer;
  }

  #dropOldest(now: number): void {
    for (const [key, { at }] of this.#entries) {
      if (this.#entries.size <= MOST && now - at < KEEP_MS) return;
      this.#entries.delete(key);
    }
  }
}
