// Where the ACS knocks: the connection-request listener (TR-069 3.2.2), a small HTTP server with digest authentication.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Random } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import { Verifier } from '../../../shared/net/verifier.ts';
import type { Credentials } from '../settings.ts';

export interface ListenerOptions {
  host: string;
  /** 0: one that is free. A port in use is passed over for the next. */
  port: number;
  /** Random and unguessable, with its leading slash (TR-069 3.2.2). */
  path: string;
  /** Host for the URL where `host` is a wildcard address. */
  address: string;
  clock: Clock;
  random: Random;
  log: Log;
  credentials: () => Credentials;
  /** While a session runs, a request is answered 503 and starts none. */
  busy: () => boolean;
  /** An authenticated request: a session with 6 CONNECTION REQUEST is wanted. */
  requested: () => void;
}

export interface Listener {
  /** ConnectionRequestURL. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Requests that succeed within one minute before the unit answers 503 (TR-069 3.2.2 allows a limit; the figure is ours). */
const PER_MINUTE = 60;
const PORTS_TRIED = 32;

export type OpenListener = (options: ListenerOptions) => Promise<Listener>;

/** What a connection request says, as far as it matters. */
export interface ConnectionRequestAttempt {
  method: string;
  /** Path and query as sent. */
  url: string;
  authorization: string | undefined;
}

export interface AttemptAnswer {
  status: number;
  /** WWW-Authenticate, with 401. */
  challenge?: string[];
}

/** Decides on connection requests and passes the good ones on; without the sockets. */
export function createRequestPolicy(
  options: ListenerOptions,
): (knock: ConnectionRequestAttempt) => Promise<AttemptAnswer> {
  // Made at the first knock: most units of a fleet never hear one.
  let made: { verifier: Verifier; recent: number[] } | undefined;
  const make = (): NonNullable<typeof made> => {
    const { clock, random } = options;
    const common = { realm: 'connection-request', clock, random, lifetimeMs: 60_000, maxTracked: 1000 };
    return { verifier: new Verifier({ ...common, key: random.bytes(32) }), recent: [] };
  };

  return async knock => {
    if (knock.url !== options.path) return { status: 404 };
    if (knock.method !== 'GET') return { status: 405 };
    made ??= make();
    const { verifier, recent } = made;
    const { username, password } = options.credentials();
    const verdict = await verifier.verify({
      header: knock.authorization,
      method: 'GET',
      uri: knock.url,
      passwords: user => (user === username ? [password] : undefined),
    });
    if (!verdict.ok) return { status: 401, challenge: verifier.challenge({ stale: verdict.stale }) };
    const now = options.clock.monotonic();
    while (recent[0] !== undefined && recent[0] <= now - 60_000) recent.shift();
    if (options.busy() || recent.length >= PER_MINUTE) return { status: 503 };
    recent.push(now);
    options.requested();
    return { status: 200 };
  };
}

/** @throws Error when no port could be had */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const judge = createRequestPolicy(options);

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    // Whatever a caller sends along is ignored (TR-069 3.2.2), and not read for long.
    request.resume();
    const { method = '', url = '', headers } = request;
    judge({ method, url, authorization: headers.authorization }).then(
      ({ status, challenge }) => {
        response.writeHead(status, {
          'Content-Length': 0,
          Connection: 'close',
          ...(challenge && { 'WWW-Authenticate': challenge }),
        });
        response.end();
      },
      error => {
        options.log.error('connection request failed', { error });
        response.destroy();
      },
    );
  };

  const server = createServer(
    {
      maxHeaderSize: 8192,
      headersTimeout: 10_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 1,
      connectionsCheckingInterval: 2000,
    },
    handle,
  );
  server.maxConnections = 32;
  server.on('clientError', (_error, socket) => {
    // Not HTTP at all: nobody to answer.
    socket.destroy();
  });
  const port = await listen(server, options.host, options.port);
  const wildcard = options.host === '0.0.0.0' || options.host === '::';
  const host = wildcard ? options.address : options.host;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}${options.path}`,
    port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, host: string, wanted: number): Promise<number> {
  const last = wanted === 0 ? 0 : Math.min(wanted + PORTS_TRIED - 1, 65535);
  for (let port = wanted; ; port++) {
    try {
      return await listenOn(server, host, port);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EADDRINUSE' || port >= last) throw error;
    }
  }
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(error);
    server.once('error', onError);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
