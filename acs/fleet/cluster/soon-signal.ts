// A signal that ends a wait early. One that is raised while nothing waits ends the next wait at once.
import type { Clock } from '../../../shared/clock.ts';

export class SoonSignal {
  readonly #clock: Clock;
  readonly #stopped: AbortSignal;
  #isRaised = false;
  #end: (() => void) | undefined;

  constructor(clock: Clock, stopped: AbortSignal) {
    this.#clock = clock;
    this.#stopped = stopped;
  }

  raise(): void {
    this.#isRaised = true;
    this.#end?.();
  }

  /** @returns whether it was raised since the last call */
  take(): boolean {
    const wasRaised = this.#isRaised;
    this.#isRaised = false;
    return wasRaised;
  }

  /** Resolves after the time, when the signal is raised, or when all is stopped. */
  wait(ms: number): Promise<void> {
    return new Promise(resolve => {
      if (this.#isRaised || this.#stopped.aborted) return resolve();
      const timer = this.#clock.after(Math.max(0, ms), () => end());
      const end = (): void => {
        timer.cancel();
        this.#stopped.removeEventListener('abort', end);
        this.#end = undefined;
        resolve();
      };
      this.#end = end;
      this.#stopped.addEventListener('abort', end);
    });
  }
}
