// The unit's SIP side in one place: connections, registrations, keep-alive, calls. `services` starts it with the unit's settings
// and stops it when they change.
import { isAbort, messageOf, UserError } from '../../shared/errors.ts';
import { dialogKey } from '../../shared/sip/dialog.ts';
import { createRequest, type SipRequest } from '../../shared/sip/message.ts';
import { createTransactionLayer, type ServerTransaction } from '../../shared/sip/transaction.ts';
import { type Address, createTransport, type Flow } from '../../shared/sip/transport.ts';
import { parseNameAddr, parseUri, tagOf, unescapeUser } from '../../shared/sip/uri.ts';
import { connectTls, TlsRefused } from '../../shared/tls/connect.ts';
import { createAuthenticator } from './auth.ts';
import type { Call, CallContext, Leg } from './call.ts';
import { refuseExtensions, takeCall } from './incoming.ts';
import { keyManagementOf } from './keying.ts';
import { type Link, type LinkState, localPorts, startLink } from './link.ts';
import { createMedia, openPorts } from './media.ts';
import { placeCall } from './outgoing.ts';
import { type Registration, type RegistrationState, startRegistration } from './registration.ts';
import { allowed } from './replies.ts';
import { supported } from './session-timer.ts';
import { notifications, type UserAgentConfig, type UserAgentEnv } from './settings.ts';

export interface ConnectionStatus {
  gateway: string;
  localPort: number;
  /** As configured. */
  remoteHost: string;
  /** '' while it is not known. */
  remoteAddress: string;
  state: LinkState;
  tls?: { version: string; cipher: string; peer?: string };
  /** Why it is not up. */
  failure?: string;
}

/** As `SipEp.GatewayStatus.State` words it. */
export type GatewayState =
  | 'Ready'
  | 'Cannot start, port already in use'
  | 'Waiting for time synchronization'
  | 'Server unreachable'
  | 'Invalid Configuration';

export interface UserAgent {
  /** The persistent connections; empty over UDP. */
  connections(): ConnectionStatus[];
  registrations(): { user: string; state: RegistrationState }[];
  state(): GatewayState;
  /**
   * Resolves when the called side has answered and the media is settled.
   * @throws CallFailed; UserError for an unknown or unregistered account; an AbortError after `signal`
   */
  call(user: string, target: string, signal?: AbortSignal): Promise<Call>;
  /** Calls under way. */
  calls(): Call[];
  /** Hears of each call that was answered; calls are answered by themselves. */
  incoming(listener: (call: Call) => void): void;
  /** Hears that connections, registrations or the gateway's state may have changed. */
  onChange(listener: () => void): void;
  /** Hangs up, takes registrations back and closes. `silent`: like a power cut, nothing is said to anyone. */
  stop(options?: { silent?: boolean }): Promise<void>;
}

/** More calls than any unit has lines. */
const MOST_CALLS = 64;
/** How long a goodbye may take. */
const GOODBYE_MS = 2000;

const same = (a: Address, b: Address): boolean => a.host.toLowerCase() === b.host.toLowerCase() && a.port === b.port;

/** The user part that a request is for: the Request-URI's, else To's. */
function userOf(request: SipRequest): string | undefined {
  const { user } = parseUri(request.uri);
  const named = user ?? parseUri(parseNameAddr(request.headers.get('To') ?? '').uri).user;
  return named === undefined ? undefined : unescapeUser(named);
}

/** Starts at once and never gives up connecting; see `state`, `connections`, `registrations` for how it goes. */
export function startUserAgent(config: UserAgentConfig, env: UserAgentEnv): UserAgent {
  const { clock, random } = env;
  const log = env.log.child({ gateway: config.gateway });
  /** Registrations and keep-alives end first, connections last. */
  const working = new AbortController();
  const connected = new AbortController();
  const legs = new Map<string, Leg>();
  const pending = new Set<Promise<unknown>>();
  let answering = 0;
  const callListeners = new Set<(call: Call) => void>();
  const changeListeners = new Set<() => void>();
  const unreachable = new Set<Link>();
  const greeted = new WeakSet<Flow>();
  const ownPort = config.port || 5060;
  let portTaken = false;
  let stopping = false;

  const changed = (): void => {
    for (const listener of changeListeners) listener();
  };
  const track = (work: Promise<unknown>, what: string): void => {
    const watched = work.catch((error: unknown) => log.error(what, { error })).finally(() => pending.delete(watched));
    pending.add(watched);
  };

  const transport = createTransport({ clock, log });
  const layer = createTransactionLayer({
    transport,
    clock,
    random,
    log,
    onRequest: transaction => onRequest(transaction),
    onAck: ack => legs.get(dialogKey(ack, 'in'))?.onAck(ack),
    // Over TLS the persistent connection is where we are reached; else our listening port is.
    sentBy: flow => (flow.protocol === 'tls' ? flow.local : { host: config.address, port: ownPort }),
  });

  const sipUri = (user: string, flow: Flow, withTransport: boolean): string => {
    const host = config.address.includes(':') ? `[${config.address}]` : config.address;
    const port = flow.protocol === 'tls' ? flow.local.port : ownPort;
    return `sip:${user}@${host}:${port}${withTransport ? `;transport=${config.transport}` : ''}`;
  };

  const serverText = (target: Address): string => `${target.host}:${target.port}`;
  /** The server answered a request: once per connection it is reported, DGW notification 310. */
  const onAnswer = (link: Link): void => {
    if (unreachable.delete(link)) changed();
    const { flow } = link;
    if (!flow || greeted.has(flow)) return;
    greeted.add(flow);
    const text = `Server ${serverText(link.target)} is now reachable for SIP gateway ${config.gateway}.`;
    env.notify(notifications.serverReachable, 'Info', text);
  };
  const onUp = (link: Link, flow: Flow): void => {
    if (flow.protocol !== 'tls') return;
    const server = serverText(link.target);
    const text = `TLS connection with remote host ${server} is now ready to be used for SIP gateway ${config.gateway}.`;
    env.notify(notifications.tlsReady, 'Info', text);
  };

  const connectOver = async (target: Address, localPort: number | undefined): Promise<Flow> => {
    const port = target.port || (config.transport === 'tls' ? 5061 : 5060);
    const timeoutMs = 1000 * config.connectTimeout;
    const { signal } = connected;
    const common = { protocol: config.transport, host: target.host, port, localAddress: config.address };
    if (config.transport === 'udp') return transport.connect({ ...common, localPort: ownPort });
    if (config.transport === 'tcp') return transport.connect({ ...common, timeoutMs, signal });
    return transport.connect({
      ...common,
      tlsConnect: async () => {
        const settings = env.tls();
        const { host } = target;
        const local = { localAddress: config.address, localPort };
        const socket = await connectTls({ host, port, ...local, settings, signal, clock, timeoutMs });
        const { method, interval } = config.keepAlive;
        if (method === 'TcpKeepAlive') socket.setKeepAlive(true, 1000 * interval);
        return socket;
      },
    });
  };

  const openLink = (target: Address): Link => {
    const link: Link = startLink({
      target,
      clock,
      log,
      signal: connected.signal,
      failbackMs: 1000 * config.failbackInterval,
      ports: last => portsFor(link, last),
      lastPort: config.transport === 'tls' ? config.lastPort : undefined,
      connect: localPort => connectOver(target, localPort),
      onUp: flow => onUp(link, flow),
      onChange: changed,
    });
    return link;
  };
  const portsFor = function* (link: Link | undefined, last: number | undefined): Generator<number | undefined> {
    if (config.transport !== 'tls') return yield undefined;
    const taken = links.filter(other => other !== link && other.state !== 'Down').map(other => other.localPort);
    for (const port of localPorts(config.basePort, config.portInterval, last)) if (!taken.includes(port)) yield port;
  };

  const links: Link[] = [];
  const callLink = (): Link | undefined => links.at(-1);

  /** DGW `SipKeepAliveMethod`. What "Ping" is on the wire is not published: the CRLF of RFC 5626 is our choice. */
  const keepAlive = async (link: Link): Promise<void> => {
    const { signal } = working;
    for (;;) {
      const { flow } = await link.whenUp(signal);
      const alive = config.keepAlive.method === 'Ping' ? await flow.ping() : await askOptions(link, flow);
      if (alive) onAnswer(link);
      else if (!flow.closed && !unreachable.has(link)) {
        unreachable.add(link);
        log.warn('SIP server does not answer', { server: serverText(link.target) });
        changed();
      }
      await clock.sleep(1000 * config.keepAlive.interval, signal);
    }
  };
  const askOptions = async (link: Link, flow: Flow): Promise<boolean> => {
    const server = `sip:${serverText(link.target)}`;
    const user = config.accounts[0]?.user;
    const us = user === undefined ? config.domain : `${user}@${config.domain}`;
    const headers: [string, string][] = [
      ['Max-Forwards', '70'],
      ['From', `<sip:${us}>;tag=${random.bytes(5).toString('hex')}`],
      ['To', `<${server}>`],
      ['Call-ID', random.bytes(8).toString('hex')],
      ['CSeq', `${random.int(1, 2 ** 30)} OPTIONS`],
      ['User-Agent', config.userAgent],
    ];
    const { cause } = await layer.request(flow, createRequest('OPTIONS', server, { headers })).final;
    return cause === undefined;
  };

  const authenticators = new Map(
    config.accounts.map(account => [account.user, createAuthenticator(account, random)] as const),
  );
  const authOf = (user: string) => authenticators.get(user) ?? createAuthenticator({ user }, random);

  const registrations: Registration[] = [];
  /** DGW `…UnregisteredBehavior`: an account that should be registered and is not is disabled. */
  const isDisabled = (user: string): boolean => {
    const registration = registrations.find(one => one.user === user);
    return registration !== undefined && registration.state !== 'Registered' && registration.state !== 'Refreshing';
  };

  const context: CallContext = {
    address: config.address,
    domain: config.domain,
    userAgent: config.userAgent,
    security: config.srtp,
    rtpBasePort: config.rtpBasePort,
    srtpBasePort: config.srtpBasePort,
    rejectCode: config.rejectCode,
    ringMs: 1000 * (config.ring ?? 0),
    clock,
    random,
    log,
    layer,
    keying: keyManagementOf(config.srtp, random),
    flow: () => callLink()?.flow,
    contact: (user, flow) => `<${sipUri(user, flow, config.contactTransport)}>`,
    authOf,
    wrongKeyManagement: () => {
      const text = 'SdpTools [D3A2] Received the wrong key management protocol. Secure stream disabled.';
      env.notify(notifications.wrongKeyManagement, 'Warning', text);
    },
    openMedia: async (basePort, ssrc) => {
      const ports = await openPorts(config.address, basePort);
      return { ports, session: createMedia({ ports, ssrc, tone: config.tone, clock, random, log }) };
    },
    legs,
  };

  const onInvite = (transaction: ServerTransaction): void => {
    const user = userOf(transaction.request);
    const account = config.accounts.find(one => one.user === user);
    if (!account) transaction.respond(404);
    else if (stopping) transaction.respond(480);
    else if (isDisabled(account.user)) transaction.respond(403);
    else if (legs.size + answering >= MOST_CALLS) transaction.respond(486);
    else if (!refuseExtensions(transaction)) track(answer(transaction, account.user), 'an incoming call failed');
  };
  const answer = async (transaction: ServerTransaction, user: string): Promise<void> => {
    answering++;
    try {
      const call = await takeCall(context, transaction, user);
      if (!call) return;
      for (const listener of callListeners) listener(call);
    } catch (error) {
      if (!transaction.answered) transaction.respond(500);
      throw error;
    } finally {
      answering--;
    }
  };

  const onRequest = (transaction: ServerTransaction): void => {
    const { request } = transaction;
    if (tagOf(request.headers.get('To') ?? '') !== undefined) {
      const leg = legs.get(dialogKey(request, 'in'));
      if (leg) leg.onRequest(transaction);
      else transaction.respond(481);
    } else if (request.method === 'INVITE') onInvite(transaction);
    else if (request.method === 'OPTIONS') {
      const headers: [string, string][] = [
        ['Allow', allowed],
        ['Accept', 'application/sdp'],
        ...supported.map(([name, value]): [string, string] => [name, value]),
      ];
      transaction.respond(200, undefined, { headers });
    } else if (['BYE', 'NOTIFY', 'UPDATE'].includes(request.method)) transaction.respond(481);
    else transaction.respond(405, undefined, { headers: [['Allow', allowed]] });
  };

  const openRegistration = (account: UserAgentConfig['accounts'][number], link: Link): void => {
    const registration = startRegistration({
      user: account.user,
      domain: config.domain,
      registrar: config.registrar,
      userAgent: config.userAgent,
      expires: config.expires,
      refreshTime: config.refreshTime,
      retryTime: config.retryTime,
      matching: config.contactMatching ?? 'Strict',
      contact: flow => sipUri(account.user, flow, config.registrationTransport),
      link,
      layer,
      auth: authOf(account.user),
      clock,
      random,
      log,
      signal: working.signal,
      onChange: changed,
      onAnswer: () => onAnswer(link),
    });
    registrations.push(registration);
  };

  /** UDP and TCP have a port at which the unit listens; over TLS it is reached by its own connections alone. */
  const listen = async (): Promise<void> => {
    try {
      await transport.listen({ protocol: config.transport, host: config.address, port: ownPort });
    } catch (error) {
      portTaken = true;
      log.error('SIP gateway cannot start', { port: ownPort, reason: messageOf(error) });
      changed();
    }
  };

  const start = async (): Promise<void> => {
    if (config.transport !== 'tls') await listen();
    if (stopping || portTaken) return;
    // One connection per server; the last one is the one that calls take.
    const { registrar, proxy = registrar } = config;
    const link = openLink(registrar);
    links.push(link);
    if (!same(registrar, proxy)) links.push(openLink(proxy));
    for (const account of config.accounts) if (account.register) openRegistration(account, link);
    const { method } = config.keepAlive;
    if (method !== 'SipOptions' && method !== 'Ping') return;
    for (const one of links) track(untilAborted(keepAlive(one)), 'keep-alive ended');
  };
  const started = start();
  track(started, 'the SIP gateway did not start');

  const state = (): GatewayState => {
    if (portTaken) return 'Cannot start, port already in use';
    const down = links.filter(link => link.state === 'Down');
    const waiting = down.some(
      link => link.failure instanceof TlsRefused && link.failure.verdict.reason === 'clock-not-set',
    );
    if (waiting) return 'Waiting for time synchronization';
    // Published for failed keep-alives only; that a lost connection shows in the same way is our choice.
    if (unreachable.size > 0 || down.length > 0) return 'Server unreachable';
    return 'Ready';
  };

  const goodbye = async (): Promise<void> => {
    for (const link of links) link.shutDown();
    const hangups = [...legs.values()].map(leg => leg.call.hangup());
    await Promise.all([...hangups, ...registrations.map(one => one.unregister())]);
  };

  let stopped: Promise<void> | undefined;
  const stop = async (silent: boolean): Promise<void> => {
    stopping = true;
    await started;
    working.abort();
    if (!silent) {
      const patience = new AbortController();
      await Promise.race([
        goodbye().catch((error: unknown) => log.warn('the goodbye failed', { reason: messageOf(error) })),
        untilAborted(clock.sleep(GOODBYE_MS, patience.signal)),
      ]);
      patience.abort();
    }
    connected.abort();
    layer.stop();
    for (const leg of [...legs.values()]) await leg.drop();
    await Promise.all([...links.map(link => link.done), ...registrations.map(one => one.done)]);
    await transport.close();
    await Promise.all([...pending]);
  };

  return {
    connections: () =>
      config.transport === 'udp'
        ? []
        : links.map(link => {
            const { flow, failure } = link;
            return {
              gateway: config.gateway,
              localPort: flow?.local.port ?? link.localPort,
              remoteHost: serverText(link.target),
              remoteAddress: flow ? serverText(flow.remote) : '',
              state: link.state,
              ...(flow?.tls ? { tls: flow.tls } : {}),
              ...(failure === undefined ? {} : { failure: messageOf(failure) }),
            };
          }),
    registrations: () => registrations.map(({ user, state: now }) => ({ user, state: now })),
    state,
    call: async (user, target, signal) => {
      if (!config.accounts.some(account => account.user === user)) {
        throw new UserError(404, 'unknown-account', `there is no account '${user}'`);
      }
      if (isDisabled(user)) throw new UserError(409, 'not-registered', `account '${user}' is not registered`);
      const link = callLink();
      if (link && unreachable.has(link))
        throw new UserError(503, 'server-unreachable', 'the SIP server does not answer');
      return placeCall(context, user, target, signal ? AbortSignal.any([signal, working.signal]) : working.signal);
    },
    calls: () => [...legs.values()].map(leg => leg.call),
    incoming: listener => void callListeners.add(listener),
    onChange: listener => void changeListeners.add(listener),
    stop: options => {
      stopped ??= stop(options?.silent ?? false);
      return stopped;
    },
  };
}

async function untilAborted(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}
