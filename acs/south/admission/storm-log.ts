// Log of storms: one line when Informs begin to wait, and one with the totals when the storm is over.
import type { Clock, Timer } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';

/** The end of a wait. */
export type Outcome = 'admitted' | 'turned-away' | 'gave-up';

/** A storm is over when no Inform has waited for this long. */
const CALM_MS = 10_000;

interface Storm {
  since: number;
  admitted: number;
  turnedAway: number;
  gaveUp: number;
  longestWaitMs: number;
  mostWaiting: number;
}

export class StormLog {
  readonly #options: { clock: Clock; log: Log; running: number };
  readonly #waiting: () => number;
  #storm: Storm | undefined;
  #calm: Timer | undefined;

  /** @param waiting the number of Informs in the queue */
  constructor(options: { clock: Clock; log: Log; running: number }, waiting: () => number) {
    this.#options = options;
    this.#waiting = waiting;
  }

  /** An Inform begins to wait. */
  waits(): void {
    const storm = this.#current();
    storm.mostWaiting = Math.max(storm.mostWaiting, this.#waiting());
  }

  /** The wait of an Inform ends. */
  waited(outcome: Outcome, waitedMs: number): void {
    const storm = this.#current();
    if (outcome === 'admitted') storm.admitted++;
    else if (outcome === 'gave-up') storm.gaveUp++;
    else storm.turnedAway++;
    storm.longestWaitMs = Math.max(storm.longestWaitMs, waitedMs);
    this.#awaitCalm();
  }

  /** An Inform finds the queue full. */
  refused(): void {
    this.#current().turnedAway++;
    this.#awaitCalm();
  }

  close(): void {
    this.#calm?.cancel();
    this.#end();
  }

  #current(): Storm {
    this.#calm?.cancel();
    this.#calm = undefined;
    if (!this.#storm) {
      const { clock, log, running } = this.#options;
      this.#storm = {
        since: clock.monotonic(),
        ...{ admitted: 0, turnedAway: 0, gaveUp: 0, longestWaitMs: 0, mostWaiting: 0 },
      };
      log.warn('session storm began', { running });
    }
    return this.#storm;
  }

  #awaitCalm(): void {
    if (this.#waiting() > 0) return;
    this.#calm?.cancel();
    this.#calm = this.#options.clock.after(CALM_MS, () => this.#end());
  }

  #end(): void {
    if (!this.#storm) return;
    const { since, longestWaitMs, ...totals } = this.#storm;
    this.#storm = undefined;
    const { clock, log } = this.#options;
    log.info('session storm ended', {
      seconds: Math.round((clock.monotonic() - since) / 1000),
      ...totals,
      longestWaitMs: Math.round(longestWaitMs),
    });
  }
}
