// A pause that ends early, a short time after it is woken.
import type { Clock } from '../../../shared/clock.ts';

export class WakeablePause {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #soonMs: number;
  #wake: (() => void) | undefined;

  /** @param soonMs the time from `wake` to the end of the pause */
  constructor(clock: Clock, signal: AbortSignal, soonMs: number) {
    this.#clock = clock;
    this.#signal = signal;
    this.#soonMs = soonMs;
  }

  /** Shortens the pause that runs, if one does. */
  wake(): void {
    this.#wake?.();
  }

  /** @throws the reason of the signal once that is aborted */
  async wait(ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      let timer = this.#clock.after(ms, () => done());
      const done = (): void => {
        timer.cancel();
        this.#wake = undefined;
        this.#signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = () => {
        timer.cancel();
        timer = this.#clock.after(this.#soonMs, done);
        this.#wake = undefined;
      };
      this.#signal.addEventListener('abort', done);
    });
    this.#signal.throwIfAborted();
  }
}
