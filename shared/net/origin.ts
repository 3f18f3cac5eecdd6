// The connection of the HTTP client to one origin, dialled by our own TCP and TLS code, with requests one after another.
import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Clock, Timer } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { connectTls, TlsRefused, tlsFacts } from '../tls/connect.ts';
import { HttpError, type HttpOptions, type HttpRequest, type HttpResponse, targetOf } from './http-types.ts';
import { readHeads } from './response-head.ts';
import { connectTcp } from './tcp.ts';

const TIMEOUT = 30_000;
const MAX_BYTES = 64 << 20;
/** Connections stay until `close` or until the server ends them; undici wants a number. */
const KEEP_ALIVE = 86_400_000;

export class Origin {
  readonly #options: HttpOptions;
  readonly #client: Client;
  /** Requests that wait for an answer. */
  #waiting = 0;
  readonly #connection: OriginConnection;

  /** @param timeoutMs bounds each connection attempt */
  constructor(url: URL, timeoutMs = TIMEOUT, options: HttpOptions) {
    this.#options = options;
    this.#connection = new OriginConnection(options, url, timeoutMs);
    this.#client = new Client(url.origin, {
      pipelining: 1,
      // Silence is measured by the injected clock, in `exchange`.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE,
      keepAliveMaxTimeout: KEEP_ALIVE,
      connect: (_, callback) => this.#connection.open(callback),
    });
  }

  async exchange(request: HttpRequest, url: URL): Promise<HttpResponse> {
    const { method, headers, body, signal, timeoutMs = TIMEOUT } = request;
    const controller = new AbortController();
    const silence = new Silence(this.#options.clock, timeoutMs, () =>
      controller.abort(timedOut(url, timeoutMs, this.#connection.isOpening)),
    );
    const onAbort = (): void => controller.abort(new HttpError('aborted', 'the request was given up', signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#waiting++;
    try {
      const answer = await this.#ask(method, {
        method: method as 'GET',
        path: targetOf(url),
        headers,
        body: body ?? null,
        signal: controller.signal,
      });
      silence.restart();
      const ends = this.#connection.socket && endsOf(this.#connection.socket);
      const bytes = await readBody(answer, request, silence);
      return { status: answer.statusCode, headers: given(answer.headers), body: bytes, ...ends };
    } catch (error) {
      throw sendError(url, controller.signal.aborted ? controller.signal.reason : error);
    } finally {
      silence.stop();
      signal?.removeEventListener('abort', onAbort);
      // A connection that no request waits for any more need not come about.
      if (--this.#waiting === 0) this.#connection.giveUp('the request was given up');
    }
  }

  /**
   * Repeats a request over a new connection when the server had closed the old one after its last answer (RFC 9112 9.3.1): an
   * idempotent one (RFC 9110 9.2.2), an unread one, and one after a 401 or a redirect, since many servers close after these.
   */
  async #ask(method: string, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    const { socket, lastStatus } = this.#connection;
    const answer = await this.#client.request(options).catch((error: unknown) => {
      const isReused = lastStatus !== undefined && this.#connection.socket === socket;
      const isAborted = (options.signal as AbortSignal).aborted;
      if (!isReused || isAborted || !mayRepeat(method, lastStatus, error)) throw error;
      return this.#client.request(options);
    });
    this.#connection.lastStatus = answer.statusCode;
    return answer;
  }

  /** Ends the connection cleanly where there is time: close_notify and FIN before `destroy` takes the socket. */
  hangUp(): void {
    this.#connection.giveUp('the HTTP client is closed');
    this.#connection.socket?.end();
  }

  async destroy(): Promise<void> {
    await this.#client.destroy(new HttpError('aborted', 'the HTTP client is closed'));
  }
}

/** The current connection to an origin, and the attempt to open the next. */
class OriginConnection {
  readonly #options: HttpOptions;
  readonly #url: URL;
  readonly #timeoutMs: number;
  #opening: AbortController | undefined;
  socket: Socket | undefined;
  /** The status of the last answer on this connection. */
  lastStatus: number | undefined;

  constructor(options: HttpOptions, url: URL, timeoutMs: number) {
    this.#options = options;
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  open(callback: (...result: [null, Socket] | [HttpError, null]) => void): void {
    const controller = new AbortController();
    this.#opening = controller;
    dial(this.#options, this.#url, controller.signal, this.#timeoutMs).then(
      socket => {
        this.#opening = undefined;
        this.socket = socket;
        this.lastStatus = undefined;
        callback(null, readHeads(socket));
      },
      (error: unknown) => {
        this.#opening = undefined;
        callback(dialError(this.#url, error), null);
      },
    );
  }

  /** Ends the attempt to connect, if there is one. */
  giveUp(reason: string): void {
    this.#opening?.abort(new HttpError('aborted', reason));
  }
}

/** Methods whose repetition changes nothing (RFC 9110 9.2.2). */
const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);
/** A server that resets a connection has not read the request on it. */
const unread = new Set(['ECONNRESET', 'EPIPE']);
/** A server that read a request and died just closes. */
const closed = new Set(['UND_ERR_SOCKET', ...unread]);

/** @param after the status of the last answer on the connection that was closed */
function mayRepeat(method: string, after: number, error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  const turnedAway = after === 401 || (after >= 300 && after < 400);
  return unread.has(code) || (closed.has(code) && (turnedAway || idempotent.has(method)));
}

/** The headers that have a value. */
function given(headers: Record<string, string | string[] | undefined>): HttpResponse['headers'] {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function dial(options: HttpOptions, url: URL, signal: AbortSignal, timeoutMs: number): Promise<Socket> {
  const { clock, localAddress } = options;
  const host = url.hostname;
  if (url.protocol === 'http:') {
    const plain = await connectTcp({ host, port: Number(url.port || 80), localAddress, signal, clock, timeoutMs });
    options.onConnection?.(plain);
    return plain;
  }
  if (!options.tls) throw new HttpError('tls', `${url.origin} needs TLS, which is not set up`);
  const settings = options.tls();
  const port = Number(url.port || 443);
  const socket = await connectTls({ host, port, localAddress, settings, signal, clock, timeoutMs });
  socket.setNoDelay(true);
  options.onTls?.(tlsFacts(socket), url.origin);
  options.onConnection?.(socket);
  return socket;
}

/** Calls `expire` after `ms` without a restart. */
class Silence {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #expire: () => void;
  #timer: Timer;

  constructor(clock: Clock, ms: number, expire: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#expire = expire;
    this.#timer = clock.after(ms, expire);
  }

  restart(): void {
    this.stop();
    this.#timer = this.#clock.after(this.#ms, this.#expire);
  }

  stop(): void {
    this.#timer.cancel();
  }
}

/** Carries a cause when there was no connection yet, as the system's own time-out does. */
function timedOut(url: URL, ms: number, connecting: boolean): HttpError {
  if (!connecting) return new HttpError('timeout', `${url.origin} said nothing for ${ms} ms`);
  const text = `no connection with ${url.origin} within ${ms} ms`;
  return new HttpError('timeout', text, Object.assign(new Error(text), { code: 'ETIMEDOUT' }));
}

async function readBody(
  { body, headers }: Dispatcher.ResponseData,
  { maxBytes = MAX_BYTES, onProgress }: HttpRequest,
  silence: Silence,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const said = Number(headers['content-length'] ?? Number.NaN);
  const total = Number.isSafeInteger(said) ? said : undefined;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    silence.restart();
    length += chunk.length;
    // Leaving the loop destroys the body, and the connection with it.
    if (length > maxBytes) throw new HttpError('too-large', `the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
    onProgress?.(length, total);
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

/** Errors of undici and its parser on an open connection: the server broke off or broke the protocol. */
const sendError = (url: URL, error: unknown): HttpError =>
  error instanceof HttpError ? error : new HttpError('protocol', `${url.origin}: ${messageOf(error)}`, error);
