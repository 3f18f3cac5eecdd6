// A flag that one task sets and another waits for, with a time limit.
import type { Clock } from '../../shared/clock.ts';

export interface Latch {
  /** Wakes the waiting task, or the next one that comes to wait. */
  set(): void;
  readonly isSet: boolean;
  /** Resolves once the flag is set or `ms` have passed (undefined: no limit), takes the flag down and tells whether it was up. Rejects when `signal` aborts. */
  wait(ms: number | undefined, signal: AbortSignal): Promise<boolean>;
}

export function createLatch(clock: Clock): Latch {
  let isSet = false;
  let wake: (() => void) | undefined;
  return {
    set() {
      isSet = true;
      wake?.();
    },
    get isSet() {
      return isSet;
    },
    async wait(ms, signal) {
      signal.throwIfAborted();
      if (!isSet) {
        await new Promise<void>((resolve, reject) => {
          const done = (): void => {
            timer?.cancel();
            signal.removeEventListener('abort', onAbort);
            wake = undefined;
            resolve();
          };
          const onAbort = (): void => {
            timer?.cancel();
            wake = undefined;
            reject(signal.reason);
          };
          const timer = ms === undefined ? undefined : clock.after(ms, done);
          signal.addEventListener('abort', onAbort, { once: true });
          wake = done;
        });
      }
      const was = isSet;
      isSet = false;
      return was;
    },
  };
}

const idle: Promise<unknown> = Promise.resolve();

/** Lets one task at a time in; those that wait go in order. */
export class Mutex {
  #last = idle;

  run<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#last.then(task, task);
    // Whoever called sees the error; the next in line does not care.
    const done = (): void => {
      if (this.#last === last) this.#last = idle;
    };
    const last: Promise<unknown> = run.then(done, done);
    this.#last = last;
    return run;
  }
}

export function createMutex(): <T>(task: () => Promise<T>) => Promise<T> {
  const mutex = new Mutex();
  return task => mutex.run(task);
}
