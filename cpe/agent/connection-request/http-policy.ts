// Decides on connection requests by HTTP (TR-069 3.2.2); without the sockets.
import type { Clock, Random } from '../../../shared/clock.ts';
import { originForm } from '../../../shared/net/request-target.ts';
import { Verifier } from '../../../shared/net/verifier.ts';
import type { Credentials } from '../settings.ts';

/** Requests that succeed within one minute before the unit answers 503 (TR-069 3.2.2 allows a limit; the figure is ours). */
const PER_MINUTE = 60;

export interface HttpPolicyOptions {
  /** Random and unguessable, with its leading slash (TR-069 3.2.2). */
  path: string;
  clock: Clock;
  random: Random;
  credentials: () => Credentials;
  /** While a session runs, a request is answered 503 and starts none. */
  busy: () => boolean;
  /** An authenticated request: a session with 6 CONNECTION REQUEST is wanted. */
  requested: () => void;
}

/** The parts of an HTTP request that count. */
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
  /** Seconds, with 503. */
  retryAfter?: number;
}

/** Seconds after which a session has usually ended. */
const SESSION = 5;

export class HttpRequestPolicy {
  readonly #options: HttpPolicyOptions;
  /** Made at the first request: most units of a fleet never receive one. */
  #verifier: Verifier | undefined;
  /** Times of the requests that succeeded within the last minute, monotonic milliseconds. */
  readonly #recent: number[] = [];

  constructor(options: HttpPolicyOptions) {
    this.#options = options;
  }

  /** Decides on one request and passes a good one on. */
  async answer({ method, url: target, authorization }: ConnectionRequestAttempt): Promise<AttemptAnswer> {
    // RFC 9112 3.2.2: a server takes the absolute form, too.
    const url = originForm(target);
    const { path, credentials, busy, requested } = this.#options;
    if (url !== path) return { status: 404 };
    if (method !== 'GET') return { status: 405 };
    this.#verifier ??= this.#makeVerifier();
    const { username, password } = credentials();
    const verdict = await this.#verifier.verify({
      header: authorization,
      method: 'GET',
      uri: url,
      passwords: user => (user === username ? [password] : undefined),
    });
    if (!verdict.ok) return { status: 401, challenge: this.#verifier.challenge({ stale: verdict.stale }) };
    if (busy()) return { status: 503, retryAfter: SESSION };
    const wait = this.#waitMs();
    if (wait > 0) return { status: 503, retryAfter: Math.ceil(wait / 1000) };
    requested();
    return { status: 200 };
  }

  #makeVerifier(): Verifier {
    const { clock, random } = this.#options;
    const key = random.bytes(32);
    return new Verifier({ realm: 'connection-request', clock, random, key, lifetimeMs: 60_000, maxTracked: 1000 });
  }

  /** Notes a request; milliseconds until one may be taken again, where too many came within a minute. */
  #waitMs(): number {
    const now = this.#options.clock.monotonic();
    while (this.#recent[0] !== undefined && this.#recent[0] <= now - 60_000) this.#recent.shift();
    if (this.#recent[0] !== undefined && this.#recent.length >= PER_MINUTE) return this.#recent[0] + 60_000 - now;
    this.#recent.push(now);
    return 0;
  }
}
