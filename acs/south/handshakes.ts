// Of a CPE that has no TLS version or suite in common with the ACS, or that sends an alert because it does not trust it, an operator sees
// nothing but a handshake that failed.
import type { Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { plainAddress } from './bounds.ts';

/** Of one address no more often than this. */
const SAY_MS = 60_000;
/** Addresses that are remembered; anybody can make one. */
const MAX_ADDRESSES = 1000;

/** Says in the log which handshakes failed, and why; `before` is how many of that address were not told since it was told last. */
export function tellHandshakes(server: Server, { clock, log }: { clock: Clock; log: Log }): void {
  const told = new Map<string, { at: number; since: number }>();
  server.on('tlsClientError', (error: Error & { code?: string }, socket: TLSSocket) => {
    const address = plainAddress(socket.remoteAddress ?? 'unknown');
    const now = clock.monotonic();
    const last = told.get(address);
    if (last && now - last.at < SAY_MS) {
      last.since++;
      return;
    }
    if (told.size >= MAX_ADDRESSES) told.clear();
    told.set(address, { at: now, since: 0 });
    const before = last?.since ? { before: last.since } : {};
    log.info('TLS handshake failed', { address, reason: error.code ?? error.message, ...before });
  });
}
