// Decides which datagrams are connection requests that count (TR-069 Annex G). All others are ignored in silence.
import type { Clock } from '../../../shared/clock.ts';
import { isSignedBy, parseUdpRequest, uriOfUdpRequest } from '../../../shared/cwmp/udp-request.ts';
import type { Credentials } from '../settings.ts';

/** Time and id of the last request that counted: the next must be newer. */
export interface LastRequest {
  ts: number;
  id: string;
}

export interface UdpPolicyOptions {
  clock: Clock;
  credentials: () => Credentials;
  /** DGW Cwmp.InteropAllowUnauthenticatedUDPConnectionRequests. */
  allowUnsigned: () => boolean;
  last: LastRequest;
}

/** Signatures that are checked in a second: the most that a flood costs. */
const CHECKS_PER_SECOND = 100;
/** Requests that count in a minute, as with those by HTTP (TR-069 3.2.2 allows a limit; the figure is ours). */
const ACCEPTED_PER_MINUTE = 60;
/** Unsigned copies of one request differ from a new one only by the time between them. */
const COPIES_MS = 5_000;

export class UdpRequestPolicy {
  readonly #options: UdpPolicyOptions;
  readonly #checks: RateWindow;
  readonly #accepted: RateWindow;
  #last: LastRequest;
  /** Monotonic milliseconds. */
  #lastUnsigned = Number.NEGATIVE_INFINITY;

  constructor(options: UdpPolicyOptions) {
    this.#options = options;
    this.#last = options.last;
    this.#checks = new RateWindow(options.clock, CHECKS_PER_SECOND, 1_000);
    this.#accepted = new RateWindow(options.clock, ACCEPTED_PER_MINUTE, 60_000);
  }

  get last(): Readonly<LastRequest> {
    return this.#last;
  }

  /** @returns whether a datagram is a connection request that counts */
  accepts(bytes: Buffer): boolean {
    return this.#options.allowUnsigned() ? this.#acceptsUnsigned(bytes) : this.#acceptsSigned(bytes);
  }

  #acceptsSigned(bytes: Buffer): boolean {
    const request = parseUdpRequest(bytes);
    if (!request || request.ts <= this.#last.ts || request.id === this.#last.id || !this.#checks.take()) return false;
    const { username, password } = this.#options.credentials();
    if (!isSignedBy(request, username, password) || !this.#accepted.take()) return false;
    this.#last = { ts: request.ts, id: request.id };
    return true;
  }

  /** Time and id of an unsigned request are not believed: its sender could shut out those that sign. */
  #acceptsUnsigned(bytes: Buffer): boolean {
    const now = this.#options.clock.monotonic();
    if (now - this.#lastUnsigned < COPIES_MS || !uriOfUdpRequest(bytes) || !this.#accepted.take()) return false;
    this.#lastUnsigned = now;
    return true;
  }
}

/** Admits a number of events within each window of time. */
class RateWindow {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #ms: number;
  #since: number;
  #count = 0;

  constructor(clock: Clock, most: number, ms: number) {
    this.#clock = clock;
    this.#most = most;
    this.#ms = ms;
    this.#since = clock.monotonic();
  }

  /** @returns false when the window is full */
  take(): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#since >= this.#ms) {
      this.#since = now;
      this.#count = 0;
    }
    return ++this.#count <= this.#most;
  }
}
