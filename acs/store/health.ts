// The health of a store: a call that fails shows that the store cannot be written or reached; it is then probed until it can. One log line each.
import type { Clock } from '../../shared/clock.ts';
import { isAbort } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { UserError } from '../errors.ts';
import type { Store } from './store.ts';

/** Codes of a disk that is full, fails or cannot be written, and of a database that is away. Callers do not log these errors: it is done here, once. */
const troubleCodes: ReadonlySet<string> = new Set([
  'store-full',
  'store-read-only',
  'store-io',
  'store-corrupt',
  'store-cannot-open',
  'store-unavailable',
]);
export const isStoreTrouble = (error: unknown): error is UserError =>
  error instanceof UserError && troubleCodes.has(error.code);

const PROBE_MS = 2_000;
/** Shortest time between log lines of a change that was too large for a disk which takes others. */
const LOGGED_MS = 60_000;
const PROBE = 'write-probe';
/** More than the last pages of a full disk have left. */
const PROBE_BYTES = 64 * 1024;

/** Watches a store, and probes it while it cannot be written. */
export class StoreHealth {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopped = new AbortController();
  #trouble: string | undefined;
  #probing = false;
  /** Changes that were refused since the store could be written. */
  #refused = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(store: Store, { clock, log }: { clock: Clock; log: Log }) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** The reason for which changes are refused; undefined while they are not. */
  trouble(): string | undefined {
    return this.#trouble;
  }

  stop(): void {
    this.#stopped.abort(new DOMException('the store closes', 'AbortError'));
  }

  /** Notes an error of the store; one of a failing disk, or of a database that is away, starts the probing. */
  note(error: unknown): void {
    if (!isStoreTrouble(error)) return;
    this.#refused++;
    if (this.#probing || this.#stopped.signal.aborted) return;
    this.#probing = true;
    this.#refused = 1;
    this.#probeUntilWritten(error)
      .catch(reason => {
        // An abort means that the store was closed meanwhile; anything else is a bug in the store.
        if (!isAbort(reason) && !this.#stopped.signal.aborted) this.#log.error('store probe failed', { error: reason });
      })
      .finally(() => {
        this.#probing = false;
        this.#trouble = undefined;
      });
  }

  async #probeUntilWritten(first: UserError): Promise<void> {
    const since = this.#clock.now();
    for (let found = await this.#probe(first); found; found = await this.#probe(found)) {
      if (this.#trouble === undefined) this.#log.error('store not writable', { reason: found.message });
      this.#trouble = found.message;
      await this.#clock.sleep(PROBE_MS, this.#stopped.signal);
    }
    const now = this.#clock.now();
    if (this.#trouble !== undefined)
      this.#log.info('store writable again', { refused: this.#refused, seconds: Math.round((now - since) / 1000) });
    else if (now - this.#loggedAt >= LOGGED_MS) {
      this.#loggedAt = now;
      this.#log.warn('store refused a change', { reason: first.message });
    }
  }

  /** Writes a document and deletes it. @returns the error that shows that the trouble lasts */
  async #probe({ code }: UserError): Promise<UserError | undefined> {
    const bytes = code === 'store-unavailable' ? 0 : PROBE_BYTES;
    try {
      await this.#store.putDocument('duty', PROBE, { fill: 'x'.repeat(bytes) });
      await this.#store.deleteDocument('duty', PROBE);
      return undefined;
    } catch (error) {
      if (isStoreTrouble(error)) return error;
      throw error;
    }
  }
}

/** The store, watched by its health. */
export function watchStore(store: Store, tools: { clock: Clock; log: Log }): { store: Store; health: StoreHealth } {
  const health = new StoreHealth(store, tools);
  return { store: observed(store, error => health.note(error)), health };
}

/** The same store; `failed` sees the errors of its calls too. */
function observed(store: Store, failed: (error: unknown) => void): Store {
  const hear = (answer: unknown): unknown => {
    if (answer instanceof Promise) answer.catch(failed);
    return answer;
  };
  const watched = Object.entries(store).map(([name, call]) => [
    name,
    typeof call === 'function' ? (...args: unknown[]) => hear(Reflect.apply(call, store, args)) : call,
  ]);
  return Object.fromEntries(watched) as Store;
}
