// A flag that one task sets and another waits for, with a time limit.
import type { Clock } from '../../shared/clock.ts';

export interface Latch {
  /** Wakes the waiting task, or the next one that comes to wait. */
  set(): void;
  /** Resolves once the flag is set or `ms` have passed (undefined: no limit), and takes the flag down. Rejects when `signal` aborts. */
  wait(ms: number | undefined, signal: AbortSignal): Promise<void>;
}

export function createLatch(clock: Clock): Latch {
  let isSet = false;
  let wake: (() => void) | undefined;
  return {
    set() {
      isSet = true;
      wake?.();
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
      isSet = false;
    },
  };
}

/** Lets one task at a time into the unit: a session and an installation never overlap. */
export function createMutex(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return task => {
    const run = last.then(task, task);
    // Whoever called sees the error; the next in line does not care.
    last = run.catch(() => undefined);
    return run;
  };
}
