// Whether the store can be written: found out when a change fails, said once, looked at again until it can. Around every store.
import type { Clock } from '../../shared/clock.ts';
import { isAbort, UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Store } from './store.ts';

export interface StoreHealth {
  /** Why changes are refused; undefined while they are not. */
  trouble(): string | undefined;
  stop(): void;
}

/** A disk that is full, fails or cannot be written. Who is refused for that says nothing of its own to the log: it is said here. */
const troubleCodes: ReadonlySet<string> = new Set([
  'store-full',
  'store-read-only',
  'store-io',
  'store-corrupt',
  'store-cannot-open',
]);
export const isStoreTrouble = (error: unknown): error is UserError =>
  error instanceof UserError && troubleCodes.has(error.code);

const PROBE_MS = 2_000;
/** A refused change that was too large for a disk which takes others is said this often. */
const SAID_MS = 60_000;
const PROBE = 'write-probe';
/** More than what is left over in the last pages of a full disk. */
const PROBE_BYTES = 64 * 1024;

export function watchStore(
  store: Store,
  { clock, log }: { clock: Clock; log: Log },
): { store: Store; health: StoreHealth } {
  const stopped = new AbortController();
  let trouble: string | undefined;
  let probing = false;
  let refused = 0;
  let saidAt = Number.NEGATIVE_INFINITY;

  const probe = async (): Promise<UserError | undefined> => {
    try {
      await store.putDocument('duty', PROBE, { fill: 'x'.repeat(PROBE_BYTES) });
      await store.deleteDocument('duty', PROBE);
      return undefined;
    } catch (error) {
      if (isStoreTrouble(error)) return error;
      throw error;
    }
  };

  const untilWritten = async (first: UserError): Promise<void> => {
    const since = clock.now();
    for (let found = await probe(); found; found = await probe()) {
      if (trouble === undefined) log.error('the store cannot be written: nothing is taken', { reason: found.message });
      trouble = found.message;
      await clock.sleep(PROBE_MS, stopped.signal);
    }
    if (trouble !== undefined)
      log.info('the store can be written again', { refused, seconds: Math.round((clock.now() - since) / 1000) });
    else if (clock.now() - saidAt >= SAID_MS) {
      saidAt = clock.now();
      log.warn('the store refused a change', { reason: first.message });
    }
  };

  const failed = (error: unknown): void => {
    if (!isStoreTrouble(error)) return;
    refused++;
    if (probing || stopped.signal.aborted) return;
    probing = true;
    refused = 1;
    untilWritten(error)
      .catch(reason => {
        // Closed meanwhile, by whoever closes the store; anything else is a bug of the store's.
        if (!isAbort(reason) && !stopped.signal.aborted) log.error('the store was not looked at', { error: reason });
      })
      .finally(() => {
        probing = false;
        trouble = undefined;
      });
  };

  return {
    store: observed(store, failed),
    health: {
      trouble: () => trouble,
      stop: () => stopped.abort(new DOMException('the store closes', 'AbortError')),
    },
  };
}

/** The same store, whose failures are heard too. */
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
