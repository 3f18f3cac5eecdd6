// Coordination of an agent's tasks: a flag with a time limit, one task at a time, tasks that can be ended.
import type { Clock } from '../../shared/clock.ts';

export interface Latch {
  /** Wakes the waiting task, or the next one that comes to wait. */
  set(): void;
  readonly isSet: boolean;
  /** Resolves once the flag is set or `ms` have passed (undefined: no limit), clears the flag, and returns whether it was set. Rejects when `signal` aborts. */
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

/** Runs one task at a time, in the order of the calls. */
export class Mutex {
  #last = idle;

  run<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#last.then(task, task);
    // The caller sees the error; the next in line only waits.
    const done = (): void => {
      if (this.#last === last) this.#last = idle;
    };
    const last: Promise<unknown> = run.then(done, done);
    this.#last = last;
    return run;
  }
}

/** Runs tasks until it is stopped: the one under way then ends at once, and later ones before they begin. */
export class Stoppable {
  isStopped = false;
  /** Made per task: an idle unit holds none. */
  #abort: AbortController | undefined;

  async run<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    this.#abort = abort;
    if (this.isStopped) abort.abort(stopped());
    try {
      return await task(abort.signal);
    } finally {
      this.#abort = undefined;
    }
  }

  stop(): void {
    this.isStopped = true;
    this.#abort?.abort(stopped());
  }
}

const stopped = (): DOMException => new DOMException('the unit stopped', 'AbortError');
