// The route that a connection belongs to. A peer counts as the other side of a route over the route's transport alone: over UDP at its
// address and port, over TCP at its address, over TLS by a certificate of the route's name; or over a connection that we opened.
import type { X509Certificate } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { topVia } from '../../shared/sip/fields.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../shared/sip/message.ts';
import { judgeChain } from '../../shared/tls/judge.ts';
import { plainPolicy, type TlsPolicy } from '../../shared/tls/profiles.ts';
import type { SipRoute } from '../exchange/data.ts';

/** RFC 5922: names of SIP in certificates, never a wildcard. */
export const routeTlsPolicy: TlsPolicy = { ...plainPolicy, names: 'sip' };

/** Of a Via without port. */
const DEFAULT_PORT = 5060;

export interface KnownSide {
  route: SipRoute;
  /** Address that its host has; undefined until it was looked up. */
  address: string | undefined;
  flow: Flow | undefined;
}

export class Origins {
  readonly #clock: Clock;
  readonly #roots: readonly X509Certificate[];
  /** Hosts that a connection's certificate has been judged for. */
  readonly #judged = new WeakMap<Flow, Map<string, boolean>>();

  /** @param roots CAs of the other sides' certificates */
  constructor(clock: Clock, roots: readonly X509Certificate[]) {
    this.#clock = clock;
    this.#roots = roots;
  }

  of(flow: Flow, request: SipRequest, sides: Iterable<KnownSide>): SipRoute | undefined {
    for (const side of sides) if (side.flow === flow || this.#isFrom(flow, request, side)) return side.route;
    return undefined;
  }

  #isFrom(flow: Flow, request: SipRequest, { route, address }: KnownSide): boolean {
    const { protocol, remote } = flow;
    if (protocol !== route.protocol) return false;
    if (protocol === 'tls') return this.#isProved(flow, route.host ?? '');
    if (remote.host !== address) return false;
    // A connection comes from any port; the port in Via is that of the proxy, and tells it from other programs of its host.
    const port = protocol === 'udp' ? remote.port : (topVia(request).port ?? DEFAULT_PORT);
    return port === route.port;
  }

  #isProved(flow: Flow, host: string): boolean {
    const chain = flow.certificates ?? [];
    if (chain.length === 0 || this.#roots.length === 0) return false;
    const known = this.#judged.get(flow) ?? new Map<string, boolean>();
    this.#judged.set(flow, known);
    let verdict = known.get(host);
    if (verdict === undefined) {
      const now = this.#clock.now();
      verdict = judgeChain({ policy: routeTlsPolicy, chain, roots: this.#roots, now, host, role: 'client' }).ok;
      known.set(host, verdict);
    }
    return verdict;
  }
}
