// The one HTTP client (RFC 9112), on undici: one connection per origin, TLS as the unit judges it, bodies read whole.
import type { Socket } from 'node:net';
import { Client } from 'undici';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { connectTls, type TlsFacts, TlsRefused, type TlsSettings, tlsFacts } from '../tls/connect.ts';
import { HttpError, type HttpRequest, type HttpResponse, type Send, targetOf } from './http-types.ts';
import { connectTcp } from './tcp.ts';

export { authenticated, withCookies, withRedirects } from './http-layers.ts';
export { HttpError, type HttpErrorKind, type HttpRequest, type HttpResponse, type Send } from './http-types.ts';

export interface HttpOptions {
  clock: Clock;
  /** The address to bind. */
  localAddress?: string | undefined;
  /** Asked at each new TLS connection; without it https is refused. */
  tls?: (() => TlsSettings) | undefined;
  /** Told of each finished handshake. */
  onTls?: ((facts: TlsFacts, origin: string) => void) | undefined;
  /** Gets NSS key log lines. */
  keylog?: ((line: Buffer) => void) | undefined;
  /** Told of each new connection, before anything is sent on it. */
  onConnection?: ((socket: Socket) => void) | undefined;
}

export interface HttpClient {
  readonly send: Send;
  /** What the last TLS handshake came to. */
  lastTls(): TlsFacts | undefined;
  /** Closes every connection; requests under way fail as aborted, later ones too. */
  close(): Promise<void>;
}

const TIMEOUT = 30_000;
const MAX_BYTES = 64 << 20;
/** Connections stay until `close` or the server's wish; undici wants a number. */
const KEEP_ALIVE = 86_400_000;

interface Origin {
  client: Client;
  /** Requests that wait for an answer. */
  waiting: number;
  connecting?: AbortController;
  socket?: Socket;
}

/** A client of its own connections; every failure of its `send` is an HttpError. */
export function createHttp(options: HttpOptions): HttpClient {
  const { clock, localAddress, keylog } = options;
  const origins = new Map<string, Origin>();
  let last: TlsFacts | undefined;
  let closed = false;

  const dial = async (url: URL, signal: AbortSignal, timeoutMs: number): Promise<Socket> => {
    const host = url.hostname;
    if (url.protocol === 'http:') {
      const plain = await connectTcp({ host, port: Number(url.port || 80), localAddress, signal, clock, timeoutMs });
      options.onConnection?.(plain);
      return plain;
    }
    if (!options.tls) throw new HttpError('tls', `${url.origin} needs TLS, which is not set up`);
    const settings = options.tls();
    const port = Number(url.port || 443);
    const common = { host, port, localAddress, settings, signal, clock, timeoutMs };
    const socket = await connectTls({ ...common, ...(keylog && { keylog }) });
    socket.setNoDelay(true);
    last = tlsFacts(socket);
    options.onTls?.(last, url.origin);
    options.onConnection?.(socket);
    return socket;
  };

  const originOf = (url: URL, timeoutMs: number): Origin => {
    const known = origins.get(url.origin);
    if (known) return known;
    const origin: Origin = {
      waiting: 0,
      client: new Client(url.origin, {
        pipelining: 1,
        // Silence is measured by the house's clock, in `exchange`.
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE,
        keepAliveMaxTimeout: KEEP_ALIVE,
        connect: (_, callback) => {
          const controller = new AbortController();
          origin.connecting = controller;
          dial(url, controller.signal, timeoutMs).then(
            socket => {
              delete origin.connecting;
              origin.socket = socket;
              callback(null, socket);
            },
            (error: unknown) => {
              delete origin.connecting;
              callback(dialError(url, error), null);
            },
          );
        },
      }),
    };
    origins.set(url.origin, origin);
    return origin;
  };

  const exchange = async (request: HttpRequest, url: URL): Promise<HttpResponse> => {
    const { method, headers, body, signal, timeoutMs = TIMEOUT, maxBytes = MAX_BYTES } = request;
    const origin = originOf(url, timeoutMs);
    const controller = new AbortController();
    const silence = watch(clock, timeoutMs, () =>
      controller.abort(timedOut(url, timeoutMs, origin.connecting !== undefined)),
    );
    const onAbort = (): void => controller.abort(new HttpError('aborted', 'the request was given up', signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    origin.waiting++;
    try {
      const path = targetOf(url);
      const answer = await origin.client.request({
        method: method as 'GET',
        path,
        headers,
        body: body ?? null,
        signal: controller.signal,
      });
      silence.restart();
      const { socket } = origin;
      const ends = socket && endsOf(socket);
      const bytes = await readBody(answer.body, maxBytes, silence.restart);
      const received = Object.entries(answer.headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]],
      );
      return { status: answer.statusCode, headers: Object.fromEntries(received), body: bytes, ...ends };
    } catch (error) {
      throw sendError(url, controller.signal.aborted ? controller.signal.reason : error);
    } finally {
      silence.stop();
      signal?.removeEventListener('abort', onAbort);
      // A connection that nobody waits for any more need not come about.
      if (--origin.waiting === 0) origin.connecting?.abort(new HttpError('aborted', 'the request was given up'));
    }
  };

  return {
    async send(request) {
      if (closed) throw new HttpError('aborted', 'the HTTP client is closed');
      if (request.signal?.aborted) throw new HttpError('aborted', 'the request was given up', request.signal.reason);
      return exchange(request, parseUrl(request.url));
    },
    lastTls: () => last,
    async close() {
      closed = true;
      const all = [...origins.values()];
      origins.clear();
      for (const { connecting, socket } of all) {
        connecting?.abort(new HttpError('aborted', 'the HTTP client is closed'));
        socket?.end(); // A clean end where there is time for one: close_notify and FIN before the socket goes.
      }
      await Promise.all(all.map(({ client }) => client.destroy(new HttpError('aborted', 'the HTTP client is closed'))));
    },
  };
}

/** With a cause when there was no connection yet, as when the system gives one up. */
function timedOut(url: URL, ms: number, connecting: boolean): HttpError {
  if (!connecting) return new HttpError('timeout', `${url.origin} said nothing for ${ms} ms`);
  const text = `no connection with ${url.origin} within ${ms} ms`;
  return new HttpError('timeout', text, Object.assign(new Error(text), { code: 'ETIMEDOUT' }));
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new HttpError('protocol', `'${text.slice(0, 200)}' is not an http or https URL`);
}

/** Runs `expire` when `restart` was not called for `ms`. */
function watch(clock: Clock, ms: number, expire: () => void): { restart: () => void; stop: () => void } {
  let timer = clock.after(ms, expire);
  const stop = (): void => timer.cancel();
  return {
    stop,
    restart: () => {
      stop();
      timer = clock.after(ms, expire);
    },
  };
}

async function readBody(body: AsyncIterable<Buffer>, maxBytes: number, onChunk: () => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    onChunk();
    length += chunk.length;
    // Leaving the loop destroys the body, and the connection with it.
    if (length > maxBytes) throw new HttpError('too-large', `the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function endsOf(socket: Socket): Pick<HttpResponse, 'remote' | 'local'> {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return {
    ...(remoteAddress !== undefined &&
      remotePort !== undefined && { remote: { address: remoteAddress, port: remotePort } }),
    ...(localAddress !== undefined && localPort !== undefined && { local: { address: localAddress, port: localPort } }),
  };
}

function dialError(url: URL, error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const text = `${url.origin}: ${messageOf(error)}`;
  if (error instanceof TlsRefused) return new HttpError('tls', text, error);
  return new HttpError((error as { code?: string }).code === 'ETIMEDOUT' ? 'timeout' : 'connect', text, error);
}

/** What undici and its parser report once the connection stood: the server broke off or broke the protocol. */
const sendError = (url: URL, error: unknown): HttpError =>
  error instanceof HttpError ? error : new HttpError('protocol', `${url.origin}: ${messageOf(error)}`, error);
