// What goes into an HTTP exchange, what comes out of it, and how it fails.

export interface HttpRequest {
  method: string;
  url: string;
  /** Sent in the case given. Content-Length is added; Transfer-Encoding never. */
  headers: Readonly<Record<string, string>>;
  body?: Buffer | string | undefined;
  signal?: AbortSignal | undefined;
  /** The longest silence allowed, from the sending on and between pieces of the answer; 30,000 unless told. */
  timeoutMs?: number | undefined;
  /** The longest body accepted; 64 MiB unless told. */
  maxBytes?: number | undefined;
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

/** No answer came, or none that can be used. With kind `tls` the cause is a TlsRefused, if the judge or OpenSSL refused. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly kind: HttpErrorKind;
  /** ABORT_ERR when given up on purpose, so that `isAbort` knows it; else that of the cause. */
  readonly code: string | undefined;

  constructor(kind: HttpErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.kind = kind;
    this.code = kind === 'aborted' ? 'ABORT_ERR' : (cause as { code?: string } | undefined)?.code;
  }
}

/** Path and query as sent, which is what digest covers. */
export const targetOf = (url: URL): string => url.pathname + url.search;
