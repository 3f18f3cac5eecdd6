// The SIP routes of the exchange: a link for each one that has an address, made and ended as the data changes.
import type { X509Certificate } from 'node:crypto';
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../shared/sip/message.ts';
import type { SipRoute } from '../exchange/data.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { otherSideOf, routeFor } from './match.ts';
import { type KnownSide, Origins } from './origins.ts';
import { addressOf } from './resolve.ts';
import { type LinkEnvironment, RouteLink, type RouteState, type RouteWay } from './route-link.ts';

export interface RoutesOptions extends Omit<LinkEnvironment, 'connect'> {
  exchange: Exchange;
  /** CAs of the other sides' certificates. */
  roots: readonly X509Certificate[];
  /** @param address of the route's host */
  connect: (route: SipRoute, address: string, signal: AbortSignal) => Promise<Flow>;
}

export interface RouteInfo {
  route: number;
  prefix: string;
  /** `host:port`, or the extension that the other side registers with. */
  to: string;
  protocol: SipRoute['protocol'];
  kind: 'exchange' | 'gateway';
  /** `registration`: up while the other side is registered here. */
  state: RouteState | 'registration';
  problem?: string;
}

export class Routes {
  readonly #exchange: Exchange;
  readonly #origins: Origins;
  readonly #links: RouteLinks;

  constructor(options: RoutesOptions) {
    this.#exchange = options.exchange;
    this.#origins = new Origins(options.clock, options.roots);
    this.#links = new RouteLinks(options);
  }

  get(route: number): SipRoute | undefined {
    return this.#exchange.get('sipRoutes', String(route));
  }

  /** The route for a called number. */
  find(number: string): SipRoute | undefined {
    return this.#exchange.size('sipRoutes') === 0 ? undefined : routeFor(this.#exchange.all('sipRoutes'), number);
  }

  /** The connection of a route; refused at once while it is down. */
  async open({ route }: SipRoute): Promise<RouteWay> {
    return (await this.#links.get(route)?.open()) ?? { problem: 'the route has no address' };
  }

  openFlow(route: number): Flow | undefined {
    return this.#links.get(route)?.flow;
  }

  /** The other side was silent: the next OPTIONS follows soon. */
  suspect(route: number): void {
    this.#links.get(route)?.suspect();
  }

  /** The route whose other side sent a request. */
  originOf(flow: Flow, request: SipRequest): SipRoute | undefined {
    return this.#origins.of(flow, request, this.#links.sides());
  }

  all(): RouteInfo[] {
    return this.#exchange.all('sipRoutes').map(row => {
      const link = this.#links.get(row.route);
      const { route, prefix, protocol, isGateway } = row;
      return {
        route,
        prefix,
        to: otherSideOf(row),
        protocol,
        kind: isGateway ? 'gateway' : 'exchange',
        state: link?.state ?? 'registration',
        ...(link?.problem === undefined ? {} : { problem: link.problem }),
      };
    });
  }

  stop(): void {
    this.#links.stop();
  }
}

/** The links that the data ask for: a row that changes gets a new one. */
class RouteLinks {
  readonly #options: RoutesOptions;
  readonly #links = new Map<number, RouteLink>();
  /** Of the hosts, as they were looked up last. */
  readonly #addresses = new Map<number, string>();
  readonly #unwatch: () => void;

  constructor(options: RoutesOptions) {
    this.#options = options;
    this.#follow();
    this.#unwatch = options.exchange.onChange(changes => {
      if (changes.some(({ table }) => table === 'sipRoutes')) this.#follow();
    });
  }

  get(route: number): RouteLink | undefined {
    return this.#links.get(route);
  }

  *sides(): Iterable<KnownSide> {
    for (const { route, flow } of this.#links.values())
      yield { route, flow, address: this.#addresses.get(route.route) };
  }

  stop(): void {
    this.#unwatch();
    for (const number of [...this.#links.keys()]) this.#end(number);
  }

  #follow(): void {
    const rows = this.#options.exchange.all('sipRoutes').filter(({ registeredAs }) => registeredAs === undefined);
    for (const [number, link] of [...this.#links]) if (!rows.includes(link.route)) this.#end(number);
    for (const row of rows) {
      if (this.#links.has(row.route)) continue;
      const connect = (route: SipRoute, signal: AbortSignal): Promise<Flow> => this.#connect(route, signal);
      this.#links.set(row.route, new RouteLink(row, { ...this.#options, connect }));
    }
  }

  #end(number: number): void {
    this.#links.get(number)?.end();
    this.#links.delete(number);
    this.#addresses.delete(number);
  }

  async #connect(route: SipRoute, signal: AbortSignal): Promise<Flow> {
    const address = await addressOf(route.host ?? '', this.#options.clock, signal);
    if (!signal.aborted) this.#addresses.set(route.route, address);
    return this.#options.connect(route, address, signal);
  }
}
