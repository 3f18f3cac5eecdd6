// Requests in flight, which a store that closes waits for.
import { UserError } from '../../errors.ts';

const MAX_IN_FLIGHT = 50_000;

export const busyStore = (): UserError => new UserError(503, 'store-busy', 'the store does not keep up');

export class InFlight {
  readonly #running = new Set<Promise<unknown>>();
  #isOpen = true;

  isOpen(): boolean {
    return this.#isOpen;
  }

  /** Runs a request of a caller, in flight until it settles. @throws UserError 503 when the store is closed or too busy */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) return Promise.reject(new UserError(503, 'store-closed', 'the store is closed'));
    if (this.#running.size >= MAX_IN_FLIGHT) return Promise.reject(busyStore());
    const running = work();
    this.keep(running);
    return running;
  }

  /** Makes `end` wait for the work; its errors are handled elsewhere. */
  keep(work: Promise<unknown>): void {
    this.#running.add(work);
    const done = (): unknown => this.#running.delete(work);
    work.then(done, done);
  }

  /** Takes no more requests, and waits for those in flight. */
  async end(): Promise<void> {
    this.#isOpen = false;
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
  }
}
