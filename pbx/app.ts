// The SIP server in one place: transport, transactions, location, registrar, proxy, in the order they need each other.
import { isIP } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { Clock, Random } from '../shared/clock.ts';
import { messageOf } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { Flow } from '../shared/sip/flow-types.ts';
import { TransactionLayer } from '../shared/sip/transaction.ts';
import type { TimerSettings } from '../shared/sip/transaction-types.ts';
import { SipTransport } from '../shared/sip/transport.ts';
import type { SipUri } from '../shared/sip/uri.ts';
import { createAuthenticator, type SipDigestAlgorithm } from './auth.ts';
import { createCalls } from './calls.ts';
import { createLocation } from './location.ts';
import { allowAll, type SecurityPolicy } from './policy.ts';
import { createProxy } from './proxy.ts';
import { createRegistrar, type ExpiryLimits, expiryLimits } from './registrar.ts';

export interface PbxOptions {
  /** Address to listen at. */
  host: string;
  /** Our addresses where `host` is a wildcard, the one to be called by first. */
  addresses?: readonly string[];
  /** SIP over TLS; 0 = a free one; absent: none. Needs cert and key. */
  tlsPort?: number;
  /** SIP over UDP and TCP, unprotected; 0 = a free one; absent: none. */
  port?: number;
  /** PEM; with the chain. */
  cert?: string;
  key?: string;
  /** Also the digest realm. */
  domain: string;
  users: readonly { user: string; password: string }[];
  clock: Clock;
  log: Log;
  random: Random;
  /** Silence after which a connection is closed; 12,000 s by default, as the gateways' documentation has it. */
  idleSeconds?: number;
  tls?: Pick<TlsOptions, 'minVersion' | 'maxVersion' | 'ciphers'>;
  /** In the server's order of preference; MD5 alone by default, since DGW units of that age know no other. */
  algorithms?: readonly SipDigestAlgorithm[];
  policy?: SecurityPolicy;
  expiry?: Partial<ExpiryLimits>;
  timers?: Partial<TimerSettings>;
}

export interface RegistrationInfo {
  user: string;
  contact: string;
  protocol: string;
  remote: string;
  tls?: { version: string; cipher: string };
  userAgent?: string;
  /** Seconds left. */
  expires: number;
}

export interface CallInfo {
  callId: string;
  from: string;
  to: string;
  state: 'trying' | 'ringing' | 'up';
  /** `RTP/SAVP` when the offer was for protected media. */
  media?: string;
  seconds: number;
}

export interface Pbx {
  readonly ports: { readonly tls?: number; readonly udp?: number; readonly tcp?: number };
  readonly domain: string;
  readonly policy: string;
  registrations(): RegistrationInfo[];
  calls(): CallInfo[];
  /** Open connections. */
  connections(): { protocol: string; remote: string; tls?: { version: string; cipher: string } }[];
  stop(): Promise<void>;
}

const IDLE_SECONDS = 12_000;
export const wildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';
const textOf = ({ host, port }: { host: string; port: number }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
const tlsOf = (flow: Flow): { tls?: { version: string; cipher: string } } =>
  flow.tls ? { tls: { version: flow.tls.version, cipher: flow.tls.cipher } } : {};

/** Listens and serves until `stop`. Rejects when a port is taken. */
export async function startPbx(options: PbxOptions): Promise<Pbx> {
  const { clock, log, random } = options;
  const domain = options.domain.toLowerCase();
  const addresses = options.addresses ?? [];
  const policy = options.policy ?? allowAll;
  const users = new Map(options.users.map(({ user, password }) => [user, password]));
  const transport = new SipTransport({ clock, log });
  const ports = await listen(transport, options).catch(async (error: unknown) => {
    await transport.close();
    throw error;
  });
  const ourPorts = new Set(Object.values(ports));

  const nameOn = (flow: Flow): { host: string; port: number } =>
    wildcard(flow.local.host) ? { host: addresses[0] ?? domain, port: flow.local.port } : flow.local;
  const isOurs = (uri: SipUri, flow: Flow): boolean => {
    const name = uri.host.toLowerCase().replace(/^\[|\]$/g, '');
    if (name !== domain && name !== flow.local.host && !addresses.includes(name)) return false;
    // Units may share our address, as on loopback; the port tells them apart.
    return uri.port === undefined || ourPorts.has(uri.port) || (name === domain && isIP(domain) === 0);
  };

  const location = createLocation({ clock, log });
  const calls = createCalls(clock);
  const algorithms = options.algorithms ?? ['MD5'];
  const authenticator = createAuthenticator({ users, realm: options.domain, algorithms, clock, random, log });
  const expiry = { ...expiryLimits, ...options.expiry };
  const register = createRegistrar({ location, authenticator, policy, clock, log, expiry });
  const proxy = createProxy({
    layer: () => layer,
    clock,
    log,
    location,
    calls,
    authenticator,
    policy,
    isOurs,
    hasUser: user => users.has(user),
    nameOn,
    register,
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

  return {
    ports,
    domain: options.domain,
    policy: policy.name,
    registrations: () =>
      location.all().map(({ user, uri, flow, userAgent, expires }) => ({
        user,
        contact: uri,
        protocol: flow.protocol,
        remote: textOf(flow.remote),
        ...tlsOf(flow),
        ...(userAgent === undefined ? {} : { userAgent }),
        expires: Math.ceil((expires - clock.now()) / 1000),
      })),
    calls: () =>
      calls.all().map(({ callId, caller, callee, state, media, since }) => ({
        callId,
        from: caller.user,
        to: callee.user,
        state,
        ...(media === undefined ? {} : { media }),
        seconds: Math.floor((clock.now() - since) / 1000),
      })),
    connections: () =>
      transport
        .flows()
        .filter(flow => flow.reliable)
        .map(flow => ({ protocol: flow.protocol, remote: textOf(flow.remote), ...tlsOf(flow) })),
    stop: async () => {
      layer.stop();
      location.stop();
      calls.stop();
      await transport.close();
    },
  };
}

async function listen(
  transport: SipTransport,
  options: PbxOptions,
): Promise<{ -readonly [K in keyof Pbx['ports']]: Pbx['ports'][K] }> {
  const { host, tlsPort, port, cert, key } = options;
  const idleMs = (options.idleSeconds ?? IDLE_SECONDS) * 1000;
  const ports: { tls?: number; udp?: number; tcp?: number } = {};
  if (tlsPort !== undefined) {
    if (cert === undefined || key === undefined) throw new TypeError('cert and key are needed for TLS');
    const tls: TlsOptions = { cert, key, ...options.tls };
    ports.tls = (await transport.listen({ protocol: 'tls', host, port: tlsPort, tls, idleMs })).address.port;
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
      log.debug('another port is tried', { reason: messageOf(error) });
    }
  }
}
