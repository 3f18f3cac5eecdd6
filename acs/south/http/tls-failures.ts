// Logs failed TLS handshakes with the reason: without a common version, cipher suite or trust no request ever arrives, so this line is
// all that an operator sees of such a CPE.
import type { Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import { plainAddress } from '../../../shared/net/address.ts';
import { ThrottledLog } from '../../../shared/throttled-log.ts';

/** Logs each failed handshake with address and reason, at most once a minute for one address. */
export function logFailedHandshakes(server: Server, { clock, log }: { clock: Clock; log: Log }): void {
  const throttled = new ThrottledLog(clock);
  server.on('tlsClientError', (error: Error & { code?: string }, socket: TLSSocket) => {
    const address = plainAddress(socket.remoteAddress ?? 'unknown');
    const reason = error.code ?? error.message;
    throttled.write(suppressed => log.info('TLS handshake failed', { address, reason, ...suppressed }), address);
  });
}
