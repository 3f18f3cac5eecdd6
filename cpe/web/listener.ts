// One server of the pages: HTTP or HTTPS, bounded in connections and time, closed without cutting answers under way.
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { answerUnreadable } from '../../shared/net/unreadable-request.ts';
import { listenerOptions } from '../../shared/tls/server.ts';
import type { TlsSettings } from '../state/device.ts';

const MAX_CONNECTIONS = 64;
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 10_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 5000,
} as const;
/** Milliseconds until a closed server drops the answers that are under way. */
const GRACE = 10_000;

/** A server that listens. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections; answers under way are finished, among them the one that ordered this. */
  close(): void;
  /** Ends all at once. */
  stop(): void;
}

interface ListenerOptions {
  host: string;
  port: number;
  clock: Clock;
  log: Log;
  tls?: TlsSettings | undefined;
  /** Never throws. */
  answer(request: IncomingMessage, response: ServerResponse): void;
}

/** @throws Error when the port cannot be had */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { clock, log } = options;
  const server = createServer(options);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', error => log.warn('server of the pages failed', { reason: messageOf(error) }));
  const close = (): void => {
    server.close();
    server.closeIdleConnections();
    const timer = clock.after(GRACE, () => server.closeAllConnections());
    server.once('close', () => timer.cancel());
  };
  const stop = (): void => {
    close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, close, stop };
}

function createServer({ tls, log, answer }: ListenerOptions): Server {
  const server = tls?.host
    ? createHttps({ ...LIMITS, ...listenerOptions(tls.policy, tls.host, false) }, answer)
    : createHttp({ ...LIMITS }, answer);
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', (error, socket) => void answerUnreadable(error, socket as Socket));
  server.on('tlsClientError', error => log.debug('handshake at the pages failed', { reason: messageOf(error) }));
  if (tls?.keylog) server.on('keylog', tls.keylog);
  return server;
}
