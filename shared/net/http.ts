// The one HTTP client (RFC 9112), on undici: one connection per origin, TLS as the unit judges it, bodies read whole.
import type { TlsFacts } from '../tls/connect.ts';
import { HttpError, type HttpOptions, type HttpRequest, type HttpResponse, type Send } from './http-types.ts';
import { Origin } from './origin.ts';

export { authenticated, withCookies, withRedirects } from './http-layers.ts';
export {
  HttpError,
  type HttpErrorKind,
  type HttpOptions,
  type HttpRequest,
  type HttpResponse,
  type Send,
} from './http-types.ts';

export interface HttpClient {
  readonly send: Send;
  /** The facts of the last TLS handshake. */
  lastTls(): TlsFacts | undefined;
  /** Closes every connection; requests under way fail as aborted, later ones too. */
  close(): Promise<void>;
}

/** A client with connections of its own; every failure of its `send` is an HttpError. */
export function createHttp(options: HttpOptions): HttpClient {
  return new UndiciHttp(options);
}

class UndiciHttp implements HttpClient {
  readonly #options: HttpOptions;
  readonly #origins = new Map<string, Origin>();
  #lastTls: TlsFacts | undefined;
  #closed = false;
  /** A property, because layers take it as a function. */
  readonly send: Send = request => this.#send(request);

  constructor(options: HttpOptions) {
    this.#options = {
      ...options,
      onTls: (facts, origin) => {
        this.#lastTls = facts;
        options.onTls?.(facts, origin);
      },
    };
  }

  lastTls(): TlsFacts | undefined {
    return this.#lastTls;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#origins.values()];
    this.#origins.clear();
    for (const origin of all) origin.hangUp();
    await Promise.all(all.map(origin => origin.destroy()));
  }

  async #send(request: HttpRequest): Promise<HttpResponse> {
    if (this.#closed) throw new HttpError('aborted', 'the HTTP client is closed');
    if (request.signal?.aborted) throw new HttpError('aborted', 'the request was given up', request.signal.reason);
    const url = parseUrl(request.url);
    let origin = this.#origins.get(url.origin);
    if (!origin) {
      origin = new Origin(url, request.timeoutMs, this.#options);
      this.#origins.set(url.origin, origin);
    }
    return origin.exchange(request, url);
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new HttpError('protocol', `'${text.slice(0, 200)}' is not an http or https URL`);
}
