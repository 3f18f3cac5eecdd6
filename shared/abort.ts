// Waits that an AbortSignal ends.
import type { Clock } from './clock.ts';
import { isAbort } from './errors.ts';

/** Waits for `work` no longer than until `signal` aborts; the work itself continues. Rejects with the reason of the signal. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Sleeps for `ms`, or until `signal` aborts; the abort is no rejection. */
export async function sleepOrAbort(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}
