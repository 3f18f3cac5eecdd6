// The address of a route's host, by the resolver of the system, within a bounded time.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '../../shared/clock.ts';

const LOOKUP_MS = 5_000;

/** @throws Error with the reason: no such name, no answer in time; an AbortError */
export async function addressOf(host: string, clock: Clock, signal: AbortSignal): Promise<string> {
  if (isIP(host) !== 0) return host;
  const done = new AbortController();
  const late = clock.sleep(LOOKUP_MS, AbortSignal.any([signal, done.signal])).then(() => {
    throw new Error(`the name ${host} was not resolved within ${LOOKUP_MS} ms`);
  });
  try {
    return await Promise.race([lookup(host).then(({ address }) => address), late]);
  } finally {
    done.abort();
  }
}
