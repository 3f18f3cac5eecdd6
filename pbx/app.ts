// The SIP server in one place: transport, transactions, location, registrar, proxy, in the order they need each other.
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { type Clock, guardedClock, type Random } from '../shared/clock.ts';
import { messageOf } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { Address, Flow } from '../shared/sip/flow-types.ts';
import { TransactionLayer } from '../shared/sip/transaction.ts';
import type { TimerSettings } from '../shared/sip/transaction-types.ts';
import { SipTransport } from '../shared/sip/transport.ts';
import { throttledByAddress } from '../shared/throttled-log.ts';
import type { KeyLogger } from '../shared/tls/keylog.ts';
import { allowAll, type SecurityPolicy } from './embedding.ts';
import type { Change } from './exchange/data.ts';
import { Exchange } from './exchange/exchange.ts';
import type { TerminalSource } from './exchange/terminals.ts';
import type { HeardCount } from './h323/heard-messages.ts';
import type { KeyManagement } from './media/description.ts';
import type { CallKind } from './media/rules.ts';
import { Admission } from './policy/admission.ts';
import type { ProductRow } from './policy/products.ts';
import { type Refusal, Refusals } from './policy/refusals.ts';
import { Subscribers } from './policy/subscribers.ts';
import { policyNames } from './policy/tables.ts';
import { routeConnector } from './routes/connect.ts';
import { type RouteInfo, Routes, type RoutesOptions } from './routes/routes.ts';
import { createAuthenticator, type SipDigestAlgorithm } from './sip/auth.ts';
import type { Binding } from './sip/bindings.ts';
import { type Call, Calls } from './sip/calls.ts';
import { askingClients, type ClientCertificates, refusalOf } from './sip/client-certificates.ts';
import { Location } from './sip/location.ts';
import { pinCheck } from './sip/pin-check.ts';
import { SipProxy } from './sip/proxy.ts';
import type { RefusedCall } from './sip/proxy-context.ts';
import { createRegistrar, type ExpiryLimits, expiryLimits } from './sip/registrar.ts';
import { senderAuthenticator } from './sip/senders.ts';
import { ServerNames, wildcard } from './sip/server-names.ts';
import { SipTerminals } from './sip/sip-terminals.ts';
import { Traffic, type TrafficCount } from './sip/traffic.ts';

export interface PbxOptions {
  /** Address to listen at. */
  host: string;
  /** Our addresses where `host` is a wildcard, the one to be called by first. */
  addresses?: readonly string[];
  /** SIP over TLS; 0 = a free one; absent: none. Needs cert and key. */
  tlsPort?: number;
  /** SIP over UDP and TCP, unprotected; 0 = a free one; absent: none. */
  port?: number | undefined;
  /** PEM; with the chain. */
  cert?: string;
  key?: string;
  /** Also the digest realm. */
  domain: string;
  users: readonly { user: string; password: string }[];
  /** Extensions, codes, policy and so on; none by default. */
  exchange?: Exchange;
  /** Table of products; the built-in one by default. */
  products?: readonly ProductRow[];
  /** CAs of the certificates of other exchanges, for routes over TLS; none by default. */
  routeRoots?: readonly X509Certificate[] | undefined;
  clock: Clock;
  log: Log;
  random: Random;
  /** Silence after which a connection is closed; 12,000 s by default, as the gateways' documentation has it. */
  idleSeconds?: number;
  /** Receives the keys of TLS connections. */
  keylog?: KeyLogger | undefined;
  tls?: Pick<TlsOptions, 'minVersion' | 'maxVersion' | 'ciphers'>;
  /** Asks clients for certificates; absent: does not. */
  clients?: ClientCertificates | undefined;
  /** In the server's order of preference; MD5 alone by default, since DGW units of that age know no other. */
  algorithms?: readonly SipDigestAlgorithm[];
  policy?: SecurityPolicy;
  expiry?: Partial<ExpiryLimits>;
  timers?: Partial<TimerSettings>;
}

interface RegistrationInfo {
  user: string;
  contact: string;
  /** Absent for SIP. */
  kind?: 'H.323';
  protocol: string;
  /** Our port. */
  port: number;
  remote: string;
  tls?: { version: string; cipher: string };
  userAgent?: string;
  /** By the table of products. */
  terminal: 'secure' | 'insecure';
  signalling: 'encrypted' | 'not encrypted';
  /** Row of the policy's table that let it in. */
  row: string;
  /** Seconds left. */
  expires: number;
}

interface CallInfo {
  callId: string;
  from: string;
  to: string;
  state: 'trying' | 'ringing' | 'up';
  /** Between extensions, from or to a media gateway, from or to another exchange. */
  kind: CallKind;
  /** `RTP/SAVP` when the media are protected: as agreed, until then as offered. */
  media?: string;
  /** By which SRTP gets its keys. */
  keyManagement?: KeyManagement;
  /** Of SDES. */
  suite?: string;
  /** Every stream in use is encrypted; absent for H.323, where the exchange does not see it. */
  encrypted?: boolean;
  /** Switch of media encryption that decides about it; `endpoints` where none does. */
  decidedBy: string;
  /** The switch is on: nothing but encrypted media passes. */
  required: boolean;
  /** Absent for SIP. */
  protocol?: 'H.323';
  /** Both sides of the signalling of an H.323 call run over TLS. */
  secure?: boolean;
  seconds: number;
}

type SipPorts = { readonly tls?: number; readonly udp?: number; readonly tcp?: number };

export interface Pbx {
  readonly ports: SipPorts & {
    /** RAS, call signalling over TCP, and both over TLS. */
    readonly h323?: number;
    readonly h323Calls?: number;
    readonly h323Tls?: number;
  };
  readonly domain: string;
  readonly policy: string;
  readonly exchange: Exchange;
  readonly admission: Admission;
  readonly refusals: Refusals;
  /** Parts that terminals register at: the SIP registrar, and those that were added. */
  readonly sources: TerminalSource[];
  registrations(): RegistrationInfo[];
  calls(): CallInfo[];
  routes(): RouteInfo[];
  /** Open connections. */
  connections(): { protocol: string; remote: string; tls?: { version: string; cipher: string } }[];
  /** Messages since the start. */
  messages(): (TrafficCount | HeardCount)[];
  stop(): Promise<void>;
}

const IDLE_SECONDS = 12_000;
const remoteText = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;
const tlsOf = (flow: Flow): { tls?: { version: string; cipher: string } } =>
  flow.tls ? { tls: { version: flow.tls.version, cipher: flow.tls.cipher } } : {};

/** Listens and serves until `stop`. Rejects when a port is taken. */
export async function startPbx(options: PbxOptions): Promise<Pbx> {
  const { random, domain, algorithms = ['MD5'], policy = allowAll } = options;
  const log = throttledByAddress(options.log, options.clock);
  const clock = guardedClock(options.clock, error => log.error('PBX timer failed', { error }));
  const exchange = options.exchange ?? Exchange.inMemory();
  const subscribers = new Subscribers(exchange, options.users);
  const refusals = new Refusals(clock);
  const admission = new Admission({ exchange, subscribers, refusals, products: options.products });
  const traffic = new Traffic();
  const transport = new SipTransport({ clock, log, tap: traffic.tap });
  const ports = await listen(transport, options).catch(async (error: unknown) => {
    await transport.close();
    throw error;
  });
  const names = new ServerNames(options, ports);
  const nameOn = (flow: Flow): Address => names.on(flow);
  const location = new Location({ clock, log });
  const calls = new Calls(clock);
  const pins = pinCheck(admission, location, clock);
  const authenticator = createAuthenticator({ ...pins, realm: domain, algorithms, clock, random, log });
  const judging = { authenticator, admission, location, log, domain };
  const request: RoutesOptions['request'] = (flow, message, timers) => layer.request(flow, message, { timers });
  const routes = new Routes({ ...routesOptions(options, transport, ports), exchange, clock, log, nameOn, request });
  const proxy = new SipProxy({
    layer: () => layer,
    clock,
    random,
    log,
    location,
    calls,
    authenticator: senderAuthenticator({ ...judging, subscribers }),
    policy,
    exchange,
    routes,
    names,
    hasUser: user => subscribers.has(user),
    isElsewhere: user => sources.slice(1).some(source => source.terminals(user).length > 0),
    nameOn,
    register: createRegistrar({ ...judging, policy, clock, expiry: { ...expiryLimits, ...options.expiry } }),
    onRefusedCall: refused => refusals.add(refusedForMedia(refused)),
  });
  const layer: TransactionLayer = new TransactionLayer({
    transport,
    clock,
    random,
    log,
    sentBy: nameOn,
    ...(options.timers ? { timers: options.timers } : {}),
    onRequest: transaction => proxy.handle(transaction),
    onAck: (ack, flow) => proxy.acknowledge(ack, flow),
  });
  const sources = [new SipTerminals({ location, layer: () => layer, domain, nameOn, clock, random, log })];
  const forgetErased = exchange.onChange(changes => endErased(changes, exchange, location));
  return {
    ports,
    domain,
    get policy() {
      const number = exchange.settings.policy;
      return number === 0 ? policy.name : policyNames[number];
    },
    exchange,
    admission,
    refusals,
    sources,
    registrations: () => location.all().map(binding => registrationInfo(binding, clock.now())),
    calls: () => calls.all().map(call => callInfo(call, clock.now())),
    routes: () => routes.all(),
    connections: () => connectionsOf(transport),
    messages: () => traffic.counts(),
    stop: async () => {
      forgetErased();
      routes.stop();
      layer.stop();
      location.stop();
      calls.stop();
      await transport.close();
    },
  };
}

const connectionsOf = (transport: SipTransport): ReturnType<Pbx['connections']> =>
  transport
    .flows()
    .filter(flow => flow.reliable)
    .map(flow => ({ protocol: flow.protocol, remote: remoteText(flow.remote), ...tlsOf(flow) }));

/** Ends the registrations of extensions that are no more, or have no terminal type any more. */
function endErased(changes: readonly Change[], exchange: Exchange, location: Location): void {
  for (const { table, key, row } of changes) {
    if (row !== undefined || (table !== 'extensions' && table !== 'ipExtensions')) continue;
    if (!exchange.get('extensions', key) || !exchange.get('ipExtensions', key)) location.end(key);
  }
}

function routesOptions(
  { clock, random, domain, host, routeRoots: roots = [], cert, key, keylog }: PbxOptions,
  transport: SipTransport,
  ports: Pbx['ports'],
): Pick<RoutesOptions, 'random' | 'domain' | 'roots' | 'connect'> {
  const localAddress = wildcard(host) ? undefined : host;
  const own = cert !== undefined && key !== undefined ? { cert, key } : undefined;
  const connect = routeConnector({ transport, clock, localAddress, ports, roots, own, keylog });
  return { random, domain, roots, connect };
}

const refusedForMedia = ({ address, isEncrypted, decidedBy, ...call }: RefusedCall): Omit<Refusal, 'time'> => ({
  what: 'call',
  kind: 'SIP',
  dir: call.to,
  remote: address,
  encrypted: isEncrypted,
  row: `media encryption of ${decidedBy}`,
  reason: `${call.from} to ${call.to}: ${call.problem}`,
});

function registrationInfo(binding: Binding, now: number): RegistrationInfo {
  const { user, uri, flow, userAgent, row, isSecureTerminal, expires } = binding;
  return {
    user,
    contact: uri,
    protocol: flow.protocol,
    port: flow.local.port,
    remote: remoteText(flow.remote),
    ...tlsOf(flow),
    ...(userAgent === undefined ? {} : { userAgent }),
    terminal: isSecureTerminal ? 'secure' : 'insecure',
    signalling: flow.protocol === 'tls' ? 'encrypted' : 'not encrypted',
    row,
    expires: Math.ceil((expires - now) / 1000),
  };
}

function callInfo({ callId, caller, callee, state, media, rule, since }: Call, now: number): CallInfo {
  const { profile, isEncrypted = false, ...keys } = media ?? {};
  return {
    callId,
    from: caller.user,
    to: callee.user,
    state,
    kind: rule.kind,
    ...(profile === undefined ? {} : { media: profile }),
    ...keys,
    encrypted: isEncrypted,
    decidedBy: rule.decidedBy,
    required: rule.isRequired,
    seconds: Math.floor((now - since) / 1000),
  };
}

async function listen(
  transport: SipTransport,
  options: PbxOptions,
): Promise<{ -readonly [K in keyof SipPorts]: SipPorts[K] }> {
  const { host, tlsPort, port, cert, key, keylog } = options;
  const idleMs = (options.idleSeconds ?? IDLE_SECONDS) * 1000;
  const ports: { tls?: number; udp?: number; tcp?: number } = {};
  if (tlsPort !== undefined) {
    if (cert === undefined || key === undefined) throw new TypeError('cert and key are needed for TLS');
    const { clients, routeRoots = [] } = options;
    const asks = clients !== undefined || routeRoots.length > 0;
    const tls: TlsOptions = { cert, key, ...options.tls, ...(asks && askingClients) };
    // The certificate of a route's other side is judged by its own CAs, at its requests.
    const known = clients && { ...clients, roots: [...clients.roots, ...routeRoots] };
    const admit = known && ((socket: TLSSocket) => refusalOf(socket, known, options.clock));
    const listener = await transport.listen({ protocol: 'tls', host, port: tlsPort, tls, admit, keylog, idleMs });
    ports.tls = listener.address.port;
  }
  if (port !== undefined) ports.tcp = ports.udp = await listenPlain(transport, host, port, idleMs, options.log);
  return ports;
}

/** UDP and TCP at the same number, which for 0 may take more than one try. */
async function listenPlain(
  transport: SipTransport,
  host: string,
  port: number,
  idleMs: number,
  log: Log,
): Promise<number> {
  for (let tries = 1; ; tries++) {
    const tcp = await transport.listen({ protocol: 'tcp', host, port, idleMs });
    try {
      await transport.listen({ protocol: 'udp', host, port: tcp.address.port });
      return tcp.address.port;
    } catch (error) {
      await tcp.close();
      if (port !== 0 || tries === 5) throw error;
      log.debug('SIP port in use by UDP, retrying', { reason: messageOf(error) });
    }
  }
}
