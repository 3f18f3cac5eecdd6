// The listener for connection requests (TR-069 3.2.2): a small HTTP server with digest authentication.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../../../shared/log.ts';
import { type HttpPolicyOptions, HttpRequestPolicy } from './http-policy.ts';

export interface ListenerOptions extends HttpPolicyOptions {
  host: string;
  /** 0: any free port. A port in use is passed over for the next. */
  port: number;
  /** Host for the URL where `host` is a wildcard address. */
  address: string;
  log: Log;
}

export interface Listener {
  /** ConnectionRequestURL. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export type OpenListener = (options: ListenerOptions) => Promise<Listener>;

const PORTS_TRIED = 32;
const MAX_CONNECTIONS = 32;

/** @throws Error when no port could be had */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { host, path, address, log } = options;
  const policy = new HttpRequestPolicy(options);
  const server = createServer(
    {
      maxHeaderSize: 8192,
      headersTimeout: 10_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 1,
      connectionsCheckingInterval: 2000,
    },
    (request, response) => handle(policy, log, request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  // A client that does not speak HTTP gets no answer.
  server.on('clientError', (_error, socket) => socket.destroy());
  const port = await listen(server, host, options.port);
  const shownHost = host === '0.0.0.0' || host === '::' ? address : host;
  return {
    url: `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${port}${path}`,
    port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function handle(policy: HttpRequestPolicy, log: Log, request: IncomingMessage, response: ServerResponse): void {
  // A body is ignored (TR-069 3.2.2), and not read for long.
  request.resume();
  const { method = '', url = '', headers } = request;
  policy.answer({ method, url, authorization: headers.authorization }).then(
    ({ status, challenge, retryAfter }) => {
      response.writeHead(status, {
        'Content-Length': 0,
        Connection: 'close',
        ...(challenge && { 'WWW-Authenticate': challenge }),
        ...(retryAfter !== undefined && { 'Retry-After': retryAfter }),
      });
      response.end();
    },
    error => {
      log.error('connection request not handled', { error });
      response.destroy();
    },
  );
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
