// Work of the services that its caller does not wait for: restarts, and starts after the clock was set.
import type { Log } from '../../../shared/log.ts';

const idle: Promise<unknown> = Promise.resolve();

export class UnawaitedWork {
  readonly #log: Log;
  #work = idle;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Logs the error of the work. */
  track(work: Promise<unknown>): void {
    const logged = work.catch((error: unknown) => this.#log.error('service command failed', { error }));
    this.#work = Promise.all([this.#work, logged]);
  }

  /** Resolves when all work has ended, that which began meanwhile too. */
  async settled(): Promise<void> {
    let seen: Promise<unknown> | undefined;
    while (seen !== this.#work) {
      seen = this.#work;
      await seen;
    }
  }
}
