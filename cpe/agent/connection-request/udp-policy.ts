// Which datagrams are connection requests that count (TR-069 Annex G). All others are passed over in silence.
import type { Clock } from '../../../shared/clock.ts';
import { isSignedBy, parseUdpRequest, uriOfUdpRequest } from '../../../shared/cwmp/udp-request.ts';
import type { Credentials } from '../settings.ts';

/** What the last request that counted said of itself: the next must be newer. */
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

/** Signatures that are checked in a second; a flood costs no more than these. */
const CHECKS_PER_SECOND = 100;
/** Requests that count in a minute, as with those by HTTP (TR-069 3.2.2 allows a limit; the figure is ours). */
const ACCEPTED_PER_MINUTE = 60;
/** Unsigned copies of one request cannot be told from a new one but by the time between them. */
const COPIES_MS = 5_000;

export interface UdpPolicy {
  /** Whether a datagram is a connection request that counts. */
  accepts(bytes: Buffer): boolean;
  readonly last: Readonly<LastRequest>;
}

export function createUdpPolicy(options: UdpPolicyOptions): UdpPolicy {
  const { clock, credentials } = options;
  let { last } = options;
  let lastUnsigned = Number.NEGATIVE_INFINITY;
  const mayCheck = createWindow(clock, CHECKS_PER_SECOND, 1_000);
  const mayAccept = createWindow(clock, ACCEPTED_PER_MINUTE, 60_000);

  const signed = (bytes: Buffer): boolean => {
    const request = parseUdpRequest(bytes);
    if (!request || request.ts <= last.ts || request.id === last.id || !mayCheck()) return false;
    const { username, password } = credentials();
    if (!isSignedBy(request, username, password) || !mayAccept()) return false;
    last = { ts: request.ts, id: request.id };
    return true;
  };

  /** What it says of time and id is not believed: whoever sends it could shut out those that sign. */
  const unsigned = (bytes: Buffer): boolean => {
    const now = clock.monotonic();
    if (now - lastUnsigned < COPIES_MS || !uriOfUdpRequest(bytes) || !mayAccept()) return false;
    lastUnsigned = now;
    return true;
  };

  return {
    accepts: bytes => (options.allowUnsigned() ? unsigned(bytes) : signed(bytes)),
    get last() {
      return last;
    },
  };
}

/** So many within each window of time. */
function createWindow(clock: Clock, most: number, ms: number): () => boolean {
  let since = clock.monotonic();
  let count = 0;
  return () => {
    const now = clock.monotonic();
    if (now - since >= ms) {
      since = now;
      count = 0;
    }
    return ++count <= most;
  };
}
