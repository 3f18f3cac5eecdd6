// The limit of open connections: callers that have proved nothing can open any number of them.
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import { isIn, networks } from '../../../shared/net/address.ts';
import { ConnectionPlaces } from '../../../shared/net/connection-places.ts';
import { ThrottledLog } from '../../../shared/throttled-log.ts';
import type { AdmissionLimits } from './admission.ts';

/** Connections beyond those of sessions and waiting Informs: 401 rounds, transfers, and connections kept for a later session. */
export const SPARE_CONNECTIONS = 4000;
/** Of those, connections from one address: many CPEs may stand behind one NAT, and boot at once. */
export const UNPROVED_PER_ADDRESS = 2000;
/**
 * Connections that the kernel queues, or as many as `net.core.somaxconn` allows: those beyond try again after one second, then three, then
 * seven, among them those that an operator waits for. Node's default is 511.
 */
export const BACKLOG = 16_384;

const REFUSAL = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: ';

/** For `Admission.enter`: calls back when the connection closes. @returns ends the listening */
export const untilClosed =
  (socket: Socket) =>
  (onClose: () => void): (() => void) => {
    if (socket.destroyed) queueMicrotask(onClose);
    else socket.once('close', onClose);
    return () => socket.off('close', onClose);
  };

/**
 * Closes connections beyond the limit as soon as they open: a TLS handshake is the most expensive thing that an unknown client can cause.
 * @returns an overload signal: true while more than half of the limit is open, when idle connections should not be kept
 */
export function limitConnections(
  server: Server,
  { running, waiting }: AdmissionLimits,
  { clock, log }: { clock: Clock; log: Log },
): () => boolean {
  server.maxConnections = running + waiting + SPARE_CONNECTIONS;
  let open = 0;
  const onClose = (): void => {
    open--;
  };
  server.on('connection', (socket: Socket) => {
    open++;
    socket.on('close', onClose);
  });
  let dropped = 0;
  const throttled = new ThrottledLog(clock);
  server.on('drop', () => {
    dropped++;
    throttled.write(() => log.warn('connections dropped', { open, dropped }));
  });
  return () => open > server.maxConnections / 2;
}

/** Bounds the connections of CPEs that have proved nothing. */
export function unprovedPlaces(
  { trustedProxies, proxyProtocol = [], clock, log, retryAfter }: UnprovedOptions,
  perAddress: number = UNPROVED_PER_ADDRESS,
): ConnectionPlaces {
  const proxies = networks([...trustedProxies, ...proxyProtocol]);
  const throttled = new ThrottledLog(clock);
  return new ConnectionPlaces({
    clock,
    limits: { perAddress, unproved: SPARE_CONNECTIONS },
    refusal: () => `${REFUSAL}${retryAfter()}\r\n\r\n`,
    ...(trustedProxies.length + proxyProtocol.length > 0 ? { isExempt: address => isIn(proxies, address) } : {}),
    onClosed: ({ address, reason }) => {
      // A connection that a CPE keeps open after its session is the usual case, and says nothing.
      if (reason === 'idle') return;
      throttled.write(
        suppressed => log.info('unproved connection closed', { address, reason, ...suppressed }),
        address,
      );
    },
  });
}

export interface UnprovedOptions {
  /** Networks of proxies, whose connections carry many CPEs. */
  trustedProxies: readonly string[];
  proxyProtocol?: readonly string[] | undefined;
  clock: Clock;
  log: Log;
  /** Seconds after which a CPE that finds no room may come again. */
  retryAfter: () => number;
}
