// A pause that ends early, a short time after it is woken, also where it is woken before it begins.
import type { Clock, Timer } from '../../../shared/clock.ts';

export class WakeablePause {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #soonMs: number;
  #wake: (() => void) | undefined;
  /** It was woken while no pause ran. */
  #isWoken = false;

  /** @param soonMs the time from `wake` to the end of the pause */
  constructor(clock: Clock, signal: AbortSignal, soonMs: number) {
    this.#clock = clock;
    this.#signal = signal;
    this.#soonMs = soonMs;
  }

  /** Shortens the pause that runs, or else the next one. */
  wake(): void {
    if (this.#wake) this.#wake();
    else this.#isWoken = true;
  }

  /** @throws the reason of the signal once that is aborted */
  async wait(ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      const done = (): void => {
        timer.cancel();
        this.#wake = undefined;
        this.#signal.removeEventListener('abort', done);
        resolve();
      };
      /** Ends the pause soon, whatever wakes it again until then. */
      const endSoon = (): Timer => {
        this.#wake = () => undefined;
        return this.#clock.after(this.#soonMs, done);
      };
      let timer = this.#isWoken ? endSoon() : this.#clock.after(ms, done);
      if (!this.#isWoken)
        this.#wake = () => {
          timer.cancel();
          timer = endSoon();
        };
      this.#isWoken = false;
      this.#signal.addEventListener('abort', done);
    });
    this.#signal.throwIfAborted();
  }
}
