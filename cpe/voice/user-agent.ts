// The unit's SIP side in one place: connections, registrations, keep-alive, calls. `services` starts it with the unit's settings
// and stops it when they change.
import { isAbort, messageOf, UserError } from '../../shared/errors.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { TransactionLayer } from '../../shared/sip/transaction.ts';
import { SipTransport } from '../../shared/sip/transport.ts';
import { TlsRefused } from '../../shared/tls/connect.ts';
import { type Authenticator, createAuthenticator } from './auth.ts';
import type { Call, CallContext, Leg } from './call.ts';
import type { Link, LinkState } from './link.ts';
import { keyManagementOf } from './media/keying.ts';
import { createMedia, openPorts } from './media/media.ts';
import { placeCall } from './outgoing.ts';
import { type Registration, type RegistrationState, startRegistration } from './registration.ts';
import { createRequests } from './requests.ts';
import { type Servers, serverText, startServers } from './servers.ts';
import { notifications, type UserAgentConfig, type UserAgentEnv } from './settings.ts';

export type { Severity, UserAgentConfig, UserAgentEnv } from './settings.ts';

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

/** How long a goodbye may take. */
const GOODBYE_MS = 2000;

/** Starts at once and never gives up connecting; see `state`, `connections`, `registrations` for how it goes. */
export function startUserAgent(config: UserAgentConfig, env: UserAgentEnv): UserAgent {
  const { clock, random } = env;
  const log = env.log.child({ gateway: config.gateway });
  /** Registrations and keep-alives end first, connections last. */
  const working = new AbortController();
  const connected = new AbortController();
  const legs = new Map<string, Leg>();
  const callListeners = new Set<(call: Call) => void>();
  const changeListeners = new Set<() => void>();
  const registrations: Registration[] = [];
  const placing = new Set<Promise<Call>>();
  const ownPort = config.port || 5060;
  let servers: Servers | undefined;
  let portTaken = false;
  let stopping = false;

  const changed = (): void => {
    for (const listener of changeListeners) listener();
  };

  const transport = new SipTransport({ clock, log });
  const layer = new TransactionLayer({
    transport,
    clock,
    random,
    log,
    onRequest: transaction => requests.take(transaction),
    onAck: ack => requests.acknowledge(ack),
    // Over TLS the persistent connection is where we are reached; else our listening port is.
    sentBy: flow => (flow.protocol === 'tls' ? flow.local : { host: config.address, port: ownPort }),
  });

  const sipUri = (user: string, flow: Flow, withTransport: boolean): string => {
    const host = config.address.includes(':') ? `[${config.address}]` : config.address;
    const port = flow.protocol === 'tls' ? flow.local.port : ownPort;
    return `sip:${user}@${host}:${port}${withTransport ? `;transport=${config.transport}` : ''}`;
  };

  const authenticators = new Map(
    config.accounts.map(account => [account.user, createAuthenticator(account, random)] as const),
  );
  const authOf = (user: string): Authenticator => authenticators.get(user) ?? createAuthenticator({ user }, random);

  /** Accounts that register, from the first moment. */
  const registering = config.accounts.filter(account => account.register).map(account => account.user);
  const registrationOf = (user: string): RegistrationState =>
    registrations.find(one => one.user === user)?.state ?? 'Unregistered';
  /** DGW `…UnregisteredBehavior`: an account that should be registered and is not is disabled. */
  const isDisabled = (user: string): boolean =>
    registering.includes(user) && !['Registered', 'Refreshing'].includes(registrationOf(user));
  const isKnown = (user: string): boolean => authenticators.has(user);

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
    flow: () => servers?.calls.flow,
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

  const requests = createRequests({
    context,
    isKnown,
    isDisabled,
    isStopping: () => stopping,
    onCall: call => {
      for (const listener of callListeners) listener(call);
    },
  });

  const openRegistration = (user: string, { registrar: link, answered }: Servers): Registration =>
    startRegistration({
      user,
      domain: config.domain,
      registrar: config.registrar,
      userAgent: config.userAgent,
      expires: config.expires,
      refreshTime: config.refreshTime,
      retryTime: config.retryTime,
      matching: config.contactMatching ?? 'Strict',
      contact: flow => sipUri(user, flow, config.registrationTransport),
      link,
      layer,
      auth: authOf(user),
      clock,
      random,
      log,
      signal: working.signal,
      onChange: changed,
      onAnswer: () => answered(link),
    });

  const isConfigured = config.registrar.host !== '' && config.proxy?.host !== '';
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
    if (!isConfigured) return;
    if (config.transport !== 'tls') await listen();
    if (stopping || portTaken) return;
    const opened = startServers({
      config,
      env: { ...env, log },
      transport,
      layer,
      ownPort,
      working: working.signal,
      connected: connected.signal,
      onChange: changed,
    });
    servers = opened;
    for (const user of registering) registrations.push(openRegistration(user, opened));
  };
  const started = start().catch((error: unknown) => log.error('the SIP gateway did not start', { error }));

  const state = (): GatewayState => {
    if (!isConfigured) return 'Invalid Configuration';
    if (portTaken) return 'Cannot start, port already in use';
    const links = servers?.links ?? [];
    const down = links.filter(link => link.state === 'Down');
    if (down.some(link => isClockMissing(link.failure))) return 'Waiting for time synchronization';
    // Published for failed keep-alives only; that a lost connection shows in the same way is our choice.
    if (down.length > 0 || links.some(link => servers?.isUnreachable(link))) return 'Server unreachable';
    return 'Ready';
  };

  const goodbye = async (): Promise<void> => {
    for (const link of servers?.links ?? []) link.shutDown();
    const hangups = [...legs.values()].map(leg => leg.call.hangup());
    await Promise.all([...hangups, ...registrations.map(one => one.unregister())]);
  };
  const sayGoodbye = async (): Promise<void> => {
    const patience = new AbortController();
    const enough = clock.sleep(GOODBYE_MS, patience.signal).catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
    const failed = (error: unknown): void => log.warn('the goodbye failed', { reason: messageOf(error) });
    await Promise.race([goodbye().catch(failed), enough]);
    patience.abort();
  };

  const stop = async (silent: boolean): Promise<void> => {
    stopping = true;
    await started;
    working.abort();
    if (!silent) await sayGoodbye();
    connected.abort();
    // Ends whatever still waits for an answer.
    layer.stop();
    await Promise.all([...registrations.map(one => one.done), requests.settled(), Promise.allSettled(placing)]);
    await Promise.all([...legs.values()].map(leg => leg.drop()));
    await servers?.done;
    await transport.close();
  };
  let stopped: Promise<void> | undefined;

  return {
    connections: () =>
      config.transport === 'udp' ? [] : (servers?.links ?? []).map(link => statusOf(config.gateway, link)),
    registrations: () => registering.map(user => ({ user, state: registrationOf(user) })),
    state,
    call: async (user, target, signal) => {
      if (!isKnown(user)) throw new UserError(404, 'unknown-account', `there is no account '${user}'`);
      if (isDisabled(user)) throw new UserError(409, 'not-registered', `account '${user}' is not registered`);
      if (servers?.isUnreachable(servers.calls)) {
        throw new UserError(503, 'server-unreachable', 'the SIP server does not answer');
      }
      const given = signal ? AbortSignal.any([signal, working.signal]) : working.signal;
      const work = placeCall(context, user, target, given).finally(() => placing.delete(work));
      placing.add(work);
      return work;
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

const isClockMissing = (failure: unknown): boolean =>
  failure instanceof TlsRefused && failure.verdict.reason === 'clock-not-set';

function statusOf(gateway: string, link: Link): ConnectionStatus {
  const { flow, failure } = link;
  return {
    gateway,
    localPort: flow?.local.port ?? link.localPort,
    remoteHost: serverText(link.target),
    remoteAddress: flow ? serverText(flow.remote) : '',
    state: link.state,
    ...(flow?.tls ? { tls: flow.tls } : {}),
    ...(failure === undefined ? {} : { failure: messageOf(failure) }),
  };
}
