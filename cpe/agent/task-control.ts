// Coordination of an agent's tasks: a flag with a time limit, one task at a time, tasks that can be ended.
import type { Clock } from '../../shared/clock.ts';

/** A flag that one task sets and another waits for. */
export class Latch {
  readonly #clock: Clock;
  #isSet = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Wakes the waiting task, or the next one that waits. */
  set(): void {
    this.#isSet = true;
    this.#wake?.();
  }

  /** Waits until the flag is set, or for `ms`, and clears the flag. Rejects when `signal` aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#isSet) await this.#signalled(ms, signal);
    this.#isSet = false;
  }

  #signalled(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        this.#wake = undefined;
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason);
      };
      const done = (): void => {
        end();
        resolve();
      };
      const timer = this.#clock.after(ms, done);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#wake = done;
    });
  }
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

  /** Ends the task under way; later ones run. */
  interrupt(): void {
    this.#abort?.abort(new DOMException('the service stopped', 'AbortError'));
  }

  stop(): void {
    this.isStopped = true;
    this.#abort?.abort(stopped());
  }
}

const stopped = (): DOMException => new DOMException('the unit stopped', 'AbortError');
