// The unit's SIP servers: one connection to each, what is reported of it, and the keep-alive over it.
import { isAbort } from '../../shared/errors.ts';
import type { Address, Flow } from '../../shared/sip/flow-types.ts';
import { createRequest } from '../../shared/sip/message.ts';
import type { TransactionLayer } from '../../shared/sip/transaction.ts';
import type { SipTransport } from '../../shared/sip/transport.ts';
import { connectTls } from '../../shared/tls/connect.ts';
import { type Link, localPorts, startLink } from './link.ts';
import { notifications, type UserAgentConfig, type UserAgentEnv } from './settings.ts';

export interface Servers {
  /** Registrar first; calls take the last one. */
  readonly links: readonly Link[];
  readonly registrar: Link;
  readonly calls: Link;
  /** A keep-alive went without an answer, and none came since. */
  isUnreachable(link: Link): boolean;
  /** The server answered a request: once per connection it is reported, DGW notification 310. */
  answered(link: Link): void;
  /** Resolves when all connections and keep-alives have ended after their signals were aborted. */
  readonly done: Promise<void>;
}

export interface ServersOptions {
  config: UserAgentConfig;
  env: UserAgentEnv;
  transport: SipTransport;
  layer: TransactionLayer;
  /** Listening port of UDP and TCP. */
  ownPort: number;
  /** Ends the keep-alives, and the connections. */
  working: AbortSignal;
  connected: AbortSignal;
  onChange: () => void;
}

export const serverText = (target: Address): string => `${target.host}:${target.port}`;

const same = (a: Address, b: Address): boolean => a.host.toLowerCase() === b.host.toLowerCase() && a.port === b.port;

/** One attempt to connect, with the TLS settings of that moment. */
async function connect(options: ServersOptions, target: Address, localPort: number | undefined): Promise<Flow> {
  const { config, env, transport, ownPort, connected: signal } = options;
  const port = target.port || (config.transport === 'tls' ? 5061 : 5060);
  const timeoutMs = 1000 * config.connectTimeout;
  const common = { protocol: config.transport, host: target.host, port, localAddress: config.address };
  if (config.transport === 'udp') return transport.connect({ ...common, localPort: ownPort });
  if (config.transport === 'tcp') return transport.connect({ ...common, timeoutMs, signal });
  const tlsConnect = async () => {
    const local = { localAddress: config.address, localPort };
    const common = { clock: env.clock, signal, timeoutMs, settings: env.tls() };
    const socket = await connectTls({ host: target.host, port, ...local, ...common });
    const { method, interval } = config.keepAlive;
    if (method === 'TcpKeepAlive') socket.setKeepAlive(true, 1000 * interval);
    return socket;
  };
  return transport.connect({ ...common, tlsConnect });
}

/** Whether the server answers OPTIONS, whatever it says. */
async function askOptions(options: ServersOptions, target: Address, flow: Flow): Promise<boolean> {
  const { config, env, layer } = options;
  const server = `sip:${serverText(target)}`;
  const user = config.accounts[0]?.user;
  const us = user === undefined ? config.domain : `${user}@${config.domain}`;
  const headers: [string, string][] = [
    ['Max-Forwards', '70'],
    ['From', `<sip:${us}>;tag=${env.random.bytes(5).toString('hex')}`],
    ['To', `<${server}>`],
    ['Call-ID', env.random.bytes(8).toString('hex')],
    ['CSeq', `${env.random.int(1, 2 ** 30)} OPTIONS`],
    ['User-Agent', config.userAgent],
  ];
  const { cause } = await layer.request(flow, createRequest('OPTIONS', server, { headers })).final;
  return cause === undefined;
}

/** Connects to the registrar, and to the proxy if that is another server. */
export function startServers(options: ServersOptions): Servers {
  const { config, env, working, onChange } = options;
  const { clock, log, notify } = env;
  const links: Link[] = [];
  const unreachable = new Set<Link>();
  const greeted = new WeakSet<Flow>();

  /** The port each link has or tries: two connections to different servers could share one, but the unit's do not. */
  const held = new Map<Link, number>();
  const portsFor = function* (link: Link, last: number | undefined): Generator<number | undefined> {
    if (config.transport !== 'tls') return yield undefined;
    for (const port of localPorts(config.basePort, config.portInterval, last)) {
      if ([...held].some(([other, its]) => other !== link && its === port)) continue;
      held.set(link, port);
      yield port;
    }
  };
  const onUp = (target: Address, flow: Flow): void => {
    if (flow.protocol !== 'tls') return;
    const what = `TLS connection with remote host ${serverText(target)} is now ready to be used`;
    notify(notifications.tlsReady, 'Info', `${what} for SIP gateway ${config.gateway}.`);
  };
  const open = (target: Address): Link => {
    const link: Link = startLink({
      target,
      clock,
      log,
      signal: options.connected,
      failbackMs: 1000 * config.failbackInterval,
      ports: last => portsFor(link, last),
      lastPort: config.transport === 'tls' ? config.lastPort : undefined,
      connect: localPort => connect(options, target, localPort),
      onUp: flow => onUp(target, flow),
      onChange,
    });
    links.push(link);
    return link;
  };

  const answered = (link: Link): void => {
    if (unreachable.delete(link)) onChange();
    const { flow } = link;
    if (!flow || greeted.has(flow)) return;
    greeted.add(flow);
    const what = `Server ${serverText(link.target)} is now reachable`;
    notify(notifications.serverReachable, 'Info', `${what} for SIP gateway ${config.gateway}.`);
  };

  /** DGW `SipKeepAliveMethod`. What "Ping" is on the wire is not published: the CRLF of RFC 5626 is our choice. */
  const keepAlive = async (link: Link): Promise<void> => {
    const { method, interval } = config.keepAlive;
    if (method !== 'SipOptions' && method !== 'Ping') return;
    try {
      for (;;) {
        const { flow } = await link.whenUp(working);
        const alive = method === 'Ping' ? await flow.ping() : await askOptions(options, link.target, flow);
        if (alive) answered(link);
        else if (!flow.closed && !unreachable.has(link)) {
          unreachable.add(link);
          log.warn('SIP server does not answer', { server: serverText(link.target) });
          onChange();
        }
        await clock.sleep(1000 * interval, working);
      }
    } catch (error) {
      if (!isAbort(error)) log.error('the SIP keep-alive ended', { error });
    }
  };

  const registrar = open(config.registrar);
  const calls = config.proxy && !same(config.registrar, config.proxy) ? open(config.proxy) : registrar;
  return {
    links,
    registrar,
    calls,
    isUnreachable: link => unreachable.has(link),
    answered,
    done: Promise.all(links.flatMap(link => [link.done, keepAlive(link)])).then(() => undefined),
  };
}
