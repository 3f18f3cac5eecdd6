// An HTTP exchange: its request, its response, its failures; and the options of a client.
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { TlsFacts, TlsSettings } from '../tls/connect.ts';

export interface HttpRequest {
  method: string;
  url: string;
  /** Sent with the case given here. Content-Length is added; Transfer-Encoding never. */
  headers: Readonly<Record<string, string>>;
  body?: Buffer | string | undefined;
  signal?: AbortSignal | undefined;
  /** The longest silence allowed, after the request and between pieces of the answer, in milliseconds; 30,000 by default. */
  timeoutMs?: number | undefined;
  /** The longest body accepted, in bytes; 64 MiB by default. */
  maxBytes?: number | undefined;
  /** Called for each piece of the answer. @param total as Content-Length says */
  onProgress?: ((done: number, total: number | undefined) => void) | undefined;
}

export interface Address {
  address: string;
  port: number;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case; a header that came several times is an array. */
  headers: Readonly<Record<string, string | string[]>>;
  body: Buffer;
  /** Both ends of the connection it came over. */
  remote?: Address;
  local?: Address;
}

export type Send = (request: HttpRequest) => Promise<HttpResponse>;

export type HttpErrorKind = 'connect' | 'timeout' | 'tls' | 'protocol' | 'aborted' | 'too-large';

/** No usable answer came. With kind `tls` the cause is a TlsRefused, if the judge or OpenSSL refused. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly kind: HttpErrorKind;
  /** ABORT_ERR when the caller ended the request, so that `isAbort` recognises it; else the code of the cause. */
  readonly code: string | undefined;

  constructor(kind: HttpErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.kind = kind;
    this.code = kind === 'aborted' ? 'ABORT_ERR' : (cause as { code?: string } | undefined)?.code;
  }
}

/** Path and query as sent; digest covers these. */
export const targetOf = (url: URL): string => url.pathname + url.search;

export interface HttpOptions {
  clock: Clock;
  /** The address to bind. */
  localAddress?: string | undefined;
  /** The settings of each new TLS connection; without it https is refused. */
  tls?: (() => TlsSettings) | undefined;
  /** Called after each finished handshake. */
  onTls?: ((facts: TlsFacts, origin: string) => void) | undefined;
  /** Called for each new connection, before anything is sent on it. */
  onConnection?: ((socket: Socket) => void) | undefined;
}
