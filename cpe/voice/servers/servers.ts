// The unit's SIP servers: one connection to each, from local ports that two connections never share.
import { isIPv6 } from 'node:net';
import { DnsClient } from '../../../shared/dns/client.ts';
import { type LocateOptions, locate, type Target } from '../../../shared/dns/locate.ts';
import type { Address, Flow } from '../../../shared/sip/flow-types.ts';
import type { SipTransport } from '../../../shared/sip/transport.ts';
import { connectTls } from '../../../shared/tls/connect.ts';
import { ownPort, transportsOf } from '../contact.ts';
import type { UserAgentConfig } from '../settings.ts';
import { type Link, PersistentLink } from './link.ts';
import { LinkNotices } from './link-notices.ts';
import { localPorts } from './local-ports.ts';
import { Reachability, type ReachabilityOptions } from './reachability.ts';

interface ServersOptions extends ReachabilityOptions {
  transport: SipTransport;
  /** A call goes over the flow. */
  isBusy: (flow: Flow) => boolean;
  /** Ends the connections. */
  connected: AbortSignal;
}

const same = (a: Address, b: Address): boolean => a.host.toLowerCase() === b.host.toLowerCase() && a.port === b.port;

interface Attempt {
  /** As configured: the name that the certificate is judged by. */
  server: Address;
  target: Target;
  localPort: number | undefined;
  signal: AbortSignal;
}

/** One attempt to connect, with the TLS settings of that moment. */
async function connect(
  { config, env, transport }: ServersOptions,
  { server, target, localPort, signal }: Attempt,
): Promise<Flow> {
  const { protocol, address, port, srvNames } = target;
  const timeoutMs = 1000 * config.connectTimeout;
  const common = { protocol, host: address, port, localAddress: config.address };
  if (protocol === 'udp') return transport.connect({ ...common, localPort: ownPort(config) });
  if (protocol === 'tcp') return transport.connect({ ...common, timeoutMs, signal });
  const tlsConnect = async () => {
    const local = { localAddress: config.address, localPort };
    const settings = { ...env.tls(), srvNames };
    const common = { clock: env.clock, signal, timeoutMs, settings };
    const socket = await connectTls({ host: server.host, address, port, ...local, ...common });
    const { method, interval } = config.keepAlive;
    if (method === 'TcpKeepAlive') socket.setKeepAlive(true, 1000 * interval);
    return socket;
  };
  return transport.connect({ ...common, tlsConnect });
}

/**
 * The servers of a gateway, each once: the registrar, and the outbound proxy or else the home-domain proxy. With an outbound
 * proxy, nothing goes to that of the home domain: the unit then opens no connection to it (our choice).
 */
function serversOf({ registrar, proxy, home }: UserAgentConfig): Address[] {
  const configured = [registrar, proxy ?? home].flatMap(server => (server?.host ? [server] : []));
  return configured.filter((server, at) => configured.findIndex(other => same(other, server)) === at);
}

/** Names are looked up as the host does. */
const hostsDns: NonNullable<UserAgentConfig['dns']> = {
  servers: [],
  withIpv6: true,
  concealsFailures: false,
  queries: 'Naptr',
  forcesNaptr: false,
};

function locateOptions(config: UserAgentConfig): LocateOptions {
  const { queries, forcesNaptr } = config.dns ?? hostsDns;
  const protocols = transportsOf(config).map(({ protocol }) => protocol);
  return { protocols, queries, forcesNaptr, family: isIPv6(config.address) ? 6 : 4 };
}

/** Connects to each server. */
export class Servers {
  /** Undefined without a registrar. */
  readonly registrar: Link | undefined;
  /** The server that calls go to; undefined where none is known: the gateway then takes calls only. */
  readonly calls: Link | undefined;
  /** Resolves when all connections and keep-alives have ended after their signals were aborted. */
  readonly done: Promise<void>;
  readonly #options: ServersOptions;
  readonly #links: Link[] = [];
  readonly #reachability: Reachability;
  readonly #dns: DnsClient;
  /** The port each link has or tries: two connections to different servers could share one, but the unit's do not. */
  readonly #ports = new Map<Link, number>();

  constructor(options: ServersOptions) {
    const { registrar, proxy, home } = options.config;
    this.#options = options;
    this.#reachability = new Reachability(options);
    this.#dns = new DnsClient(options.config.dns ?? hostsDns, options.env.clock);
    options.connected.addEventListener('abort', () => this.#dns.close(), { once: true });
    for (const server of serversOf(options.config)) this.#open(server);
    const linkTo = (server: Address): Link | undefined => this.#links.find(link => same(link.target, server));
    this.registrar = linkTo(registrar);
    this.calls = linkTo(proxy ?? home ?? registrar);
    const work = this.#links.flatMap(link => [link.done, this.#reachability.keepAlive(link)]);
    this.done = Promise.all(work).then(() => undefined);
  }

  /** The registrar first. */
  get links(): readonly Link[] {
    return this.#links;
  }

  isUnreachable(link: Link): boolean {
    return this.#reachability.isUnreachable(link);
  }

  /** The server answered a request. */
  answered(link: Link): void {
    this.#reachability.answered(link);
  }

  #open(target: Address): void {
    const { config, env, connected, isBusy, onChange } = this.#options;
    const failbackMs = 1000 * config.failbackInterval;
    const link: Link = new PersistentLink({
      target,
      locate: () => locate(target, locateOptions(config), this.#dns, env.random),
      clock: env.clock,
      log: env.log,
      signal: connected,
      failbackMs,
      holdMs: config.penaltySeconds === undefined ? failbackMs : 1000 * config.penaltySeconds,
      ports: last => this.#portsFor(link, last),
      lastPort: config.transport === 'tls' ? config.lastPort : undefined,
      connect: (at, localPort, signal) => connect(this.#options, { server: target, target: at, localPort, signal }),
      isBusy,
      notices: new LinkNotices(config, env, target),
      onChange,
    });
    this.#links.push(link);
  }

  *#portsFor(link: Link, last: number | undefined): Generator<number | undefined> {
    const { config } = this.#options;
    if (config.transport !== 'tls') return yield undefined;
    for (const port of localPorts(config.basePort, config.portInterval, last)) {
      if ([...this.#ports].some(([other, its]) => other !== link && its === port)) continue;
      this.#ports.set(link, port);
      yield port;
    }
  }
}
