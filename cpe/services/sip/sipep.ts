// SIP Endpoint: turns variables into a user agent per SIP gateway, and its state into the status tables. Nearly all of its
// settings wait for a restart of the service, so the user agents are made from the running values.
import { messageOf } from '../../../shared/errors.ts';
import type { Call } from '../../voice/call/call.ts';
import type { CallWatch } from '../../voice/call/watch.ts';
import type { MikeyMemory } from '../../voice/media/keys/mikey-keys.ts';
import type { CallGate, UserAgentEnv } from '../../voice/settings.ts';
import type { SipUserAgent } from '../../voice/user-agent.ts';
import { adminStateOf, setAdminState } from '../common/endpoint-locks.ts';
import { noteLeds } from '../hardware/leds.ts';
import { type Applied, cell, dgwPath, peekSlot, rowsOf, type Service, slotOf, type Unit, X } from '../service.ts';
import { lineState, lineWatch } from '../tr104/line-calls.ts';
import { MAX_REGISTRATIONS } from './accounts.ts';
import { callSettings } from './call-settings.ts';
import { type GatewayPlan, gatewayPlans, type Obstacle } from './config.ts';
import { workOf } from './events.ts';
import { mailboxStatus } from './mailboxes.ts';
import { endpointMedia, endpointOfUser } from './media.ts';
import { mediaSettings } from './media-security.ts';
import { registrarOf } from './server-addresses.ts';
import { checkTransports, isTlsEnabled, transportSettings } from './transports.ts';

interface Endpoint {
  agent?: SipUserAgent;
  /** Why there is no user agent. */
  state: string;
}

/** A state as it was announced last. */
interface Shown {
  row: number;
  value: string;
}

interface SipState {
  /** Absent while none is configured. */
  gateways: Map<string, Endpoint> | undefined;
  shown: readonly Shown[];
  /** Starts and stops, one after the other: a boot and the setting of the clock may both want a start. */
  turn: Promise<void>;
  /** That of all gateways, over restarts of the service. */
  mikey?: MikeyMemory;
}

const none: ReadonlyMap<string, Endpoint> = new Map();
const gatewaysOf = (unit: Unit): ReadonlyMap<string, Endpoint> => peekSlot<SipState>(unit, sipep)?.gateways ?? none;
const state = (unit: Unit): SipState =>
  slotOf(unit, sipep, () => ({ gateways: undefined, shown: [], turn: Promise.resolve() }));

/** The user agent of a gateway; without a name, the first that runs. */
export function userAgentOf(unit: Unit, gateway?: string): SipUserAgent | undefined {
  const all = gatewaysOf(unit);
  return gateway === undefined ? [...all.values()].find(entry => entry.agent)?.agent : all.get(gateway)?.agent;
}

/** The user agents that run, by the name of their gateway. */
export const userAgentsOf = (unit: Unit): [gateway: string, agent: SipUserAgent][] =>
  [...gatewaysOf(unit)].flatMap(([gateway, { agent }]) => (agent ? [[gateway, agent] as [string, SipUserAgent]] : []));

/** Calls that are up or on their way, over all gateways. */
export const callsOf = (unit: Unit): number =>
  [...gatewaysOf(unit).values()].reduce((sum, { agent }) => sum + (agent?.calls().length ?? 0), 0);

/** Counts the calls of lines, and looks at locks and LEDs when one begins or ends. */
function watchOf(unit: Unit): CallWatch {
  const watch = lineWatch(unit);
  const seen = (): void => {
    settleLocks(unit);
    noteLeds(unit);
  };
  return {
    lost: watch.lost,
    begun(...call) {
      watch.begun(...call);
      seen();
    },
    failed(...call) {
      watch.failed(...call);
      seen();
    },
    up(call) {
      watch.up(call);
      void call.ended.then(seen);
      seen();
      // It was on its way when its endpoint was locked by force.
      if (adminStateOf(unit, endpointOfUser(unit, call.user)) === 'Locked') void hangUp([call]);
    },
  };
}

/** Calls need the service of media and that of endpoints, and an endpoint that is not locked. */
function callGate(unit: Unit, user: string): CallGate | undefined {
  if (['Mipt', 'EpAdm'].some(name => unit.services.isStopped(name)))
    return { status: 480, reason: 'the unit takes no calls now' };
  const endpoint = endpointOfUser(unit, user);
  if (adminStateOf(unit, endpoint) === 'Unlocked') return undefined;
  return { status: 480, reason: `endpoint '${endpoint}' is locked` };
}

const hangUp = (calls: readonly Call[]): Promise<unknown> => Promise.allSettled(calls.map(call => call.hangup()));

/** Ends all calls; the user agents go on. */
export async function endCalls(unit: Unit): Promise<void> {
  await hangUp(userAgentsOf(unit).flatMap(([, agent]) => agent.calls()));
}

/** Ends the calls of an endpoint. */
export async function endCallsOf(unit: Unit, endpoint: string): Promise<void> {
  const calls = userAgentsOf(unit).flatMap(([, agent]) => agent.calls());
  await hangUp(calls.filter(({ user }) => endpointOfUser(unit, user) === endpoint));
}

/** A call of the endpoint is up or on its way. */
export function isEndpointBusy(unit: Unit, endpoint: string): boolean {
  const found = rowsOf(unit, 'SipEp.UserAgent', ['EpId']).find(({ EpId }) => EpId === endpoint);
  return found !== undefined && lineState(unit, found.row) !== 'Idle';
}

/** Registers an endpoint's user, or removes its registrations, as it is locked now. */
export async function followLock(unit: Unit, endpoint: string): Promise<void> {
  const user = unit.config.running(`SipEp.UserAgent[EpId="${endpoint}"].Username`) ?? '';
  await Promise.all(userAgentsOf(unit).map(([, agent]) => agent.follow(user)));
}

/** An endpoint that shuts down is locked once its last call has ended. */
export function settleLocks(unit: Unit): void {
  for (const { EpId } of rowsOf(unit, 'SipEp.UserAgent', ['EpId'])) {
    if (adminStateOf(unit, EpId) !== 'ShuttingDown' || isEndpointBusy(unit, EpId)) continue;
    setAdminState(unit, EpId, 'Locked');
    followLock(unit, EpId).catch((error: unknown) => unit.log.error('SIP endpoint not unregistered', { error }));
  }
}

/** The states of all gateways, as their status table shows them. */
export const gatewayStates = (unit: Unit): string[] =>
  rowsOf(unit, 'SipEp.Gateway', ['Name']).map(({ Name }) => gatewayState(unit, Name));

/** The states of an endpoint's registrations, over all gateways. */
export const registrationStates = (unit: Unit, endpoint: string): string[] =>
  registrations(unit).flatMap(entry => (entry.endpoint === endpoint ? [entry.state] : []));

function inTurn(unit: Unit, work: () => Promise<void>): Promise<void> {
  const own = state(unit);
  own.turn = own.turn.then(work, work);
  return own.turn;
}

const start = (unit: Unit): Promise<void> => inTurn(unit, () => startAll(unit));

const stop = async (unit: Unit, silent = false): Promise<void> => {
  if (peekSlot(unit, sipep)) await inTurn(unit, () => stopAll(unit, silent));
};

/** A gateway that waited for the clock can start; running gateways and their calls are not touched. */
function clockSet(unit: Unit): Promise<void> {
  return inTurn(unit, async () => {
    if ([...gatewaysOf(unit).values()].some(entry => !entry.agent)) await startAll(unit);
  });
}

async function startAll(unit: Unit): Promise<void> {
  await stopAll(unit, false);
  const { gateways, surplus } = gatewayPlans(unit);
  if (gateways.length > 0) {
    const own = state(unit);
    own.gateways ??= new Map();
    own.mikey ??= {};
    const tls = tlsOfStart(unit);
    for (const plan of gateways) own.gateways.set(plan.gateway, await open(unit, plan, tls, own.mikey));
  }
  if (surplus > 0) noteSurplus(unit, surplus);
  changed(unit);
}

async function open(unit: Unit, plan: GatewayPlan, tls: UserAgentEnv['tls'], mikey: MikeyMemory): Promise<Endpoint> {
  const { gateway } = plan;
  if ('obstacle' in plan) return blocked(unit, gateway, plan.obstacle);
  const { config } = plan;
  if (config.transport === 'tls' && unit.now() === undefined) return { state: 'Waiting for time synchronization' };
  try {
    // Loaded on first use: most simulated gateways of a fleet make no calls.
    const { SipUserAgent } = await import('../../voice/user-agent.ts');
    const agent = new SipUserAgent(config, {
      clock: unit.clock,
      random: unit.random,
      callSettings: () => callSettings(unit),
      callGate: user => callGate(unit, user),
      isLocked: user => adminStateOf(unit, endpointOfUser(unit, user)) === 'Locked',
      onEvent: event => workOf(unit, gateway, event),
      log: unit.log.child({ gateway }),
      tls,
      now: () => unit.now(),
      mikey,
      mediaSettings: user => mediaSettings(unit, endpointOfUser(unit, user)),
      mediaOf: user => endpointMedia(unit, endpointOfUser(unit, user)),
      notify: (name, facts) => unit.notify(name, facts),
      watch: watchOf(unit),
      tap: unit.lab.tap,
    });
    agent.onChange(() => changed(unit));
    return { agent, state: 'Ready' };
  } catch (error) {
    return blocked(unit, gateway, { state: 'Invalid Configuration', reason: messageOf(error) });
  }
}

function blocked(unit: Unit, gateway: string, { state: text, reason }: Obstacle): Endpoint {
  unit.log.warn('SIP gateway not started', { gateway, reason });
  if (transportSettings(unit, gateway).transports.length === 0) unit.notify('noTransport', { gateway });
  return { state: text };
}

function noteSurplus(unit: Unit, surplus: number): void {
  unit.log.warn('SIP registrations left out', { surplus, limit: MAX_REGISTRATIONS });
  unit.notify('registrationLimit', { surplus, limit: MAX_REGISTRATIONS });
}

/** The TLS settings of one start: its certificates stay until the service restarts; policy and time are read each time. */
function tlsOfStart(unit: Unit): UserAgentEnv['tls'] {
  const { roots, host: client } = unit.tls('SipEp');
  const hosts = { client, server: unit.tls('SipEp', 'server').host };
  return (role = 'client') => {
    const { policy, now, keylog, dial, revocation } = unit.tls('SipEp', role);
    const host = hosts[role];
    return { policy, now, roots, keylog, dial, revocation, ...(host && { host }) };
  };
}

const certificates = /X_0090F8_Cert\.(?:Host|Others)Certificate/;

/** A new certificate waits for a restart of the service (vendor's page), also while TLS is not enabled yet (vendor's procedure). */
function noteCertificates(unit: Unit, { changes, tables, removed }: Applied): void {
  if (!unit.services.started('SipEp')) return;
  const paths = [...changes.map(({ path }) => path), ...tables, ...removed];
  if (paths.some(path => certificates.test(path))) unit.config.pending.wait('SipEp');
}

async function stopAll(unit: Unit, silent: boolean): Promise<void> {
  const gateways = peekSlot<SipState>(unit, sipep)?.gateways;
  if (!gateways) return;
  const agents = [...gateways.values()].flatMap(entry => (entry.agent ? [entry.agent] : []));
  gateways.clear();
  await Promise.all(agents.map(agent => agent.stop({ silent })));
}

/** The texts of SipEp.GatewayStatus[].State. */
function gatewayState(unit: Unit, gateway: string): string {
  if (!unit.services.started('SipEp')) return 'Network down';
  const entry = gatewaysOf(unit).get(gateway);
  if (!entry) return 'Ready';
  return entry.agent?.state() ?? entry.state;
}

/** Announces the states that have changed. */
function changed(unit: Unit): void {
  const own = peekSlot<SipState>(unit, sipep);
  if (!own) return;
  const before = own.shown;
  own.shown = rowsOf(unit, 'SipEp.GatewayStatus', ['Name']).map(({ row, Name }) => {
    return { row, value: gatewayState(unit, Name) };
  });
  const changes = own.shown.flatMap(({ row, value }) => {
    const earlier = before.find(entry => entry.row === row)?.value ?? value;
    const path = dgwPath(unit, `SipEp.GatewayStatus.${row}.State`);
    return earlier === value ? [] : [{ path, before: earlier, value }];
  });
  unit.config.watchers.announce(changes, 'unit');
  noteLeds(unit);
}

interface Line {
  gateway: string;
  port: number;
  host: string;
  address: string;
  state: string;
}

/** Shown for TLS only, as on the unit's SIP/Servers page. */
function lines(unit: Unit): Line[] {
  if (!isTlsEnabled(unit)) return [];
  return [...gatewaysOf(unit)].flatMap(([gateway, { agent }]) =>
    (agent?.connections() ?? []).map(entry => ({
      gateway,
      port: entry.localPort,
      host: entry.remoteHost,
      address: entry.remoteAddress,
      state: entry.state,
    })),
  );
}

interface Registered {
  gateway: string;
  endpoint: string;
  user: string;
  state: string;
}

function registrations(unit: Unit): Registered[] {
  const endpoints = rowsOf(unit, 'SipEp.UserAgent', ['EpId', 'Username']);
  return [...gatewaysOf(unit)].flatMap(([gateway, { agent }]) =>
    (agent?.registrations() ?? []).map(entry => ({
      gateway,
      endpoint: endpoints.find(row => row.Username === entry.user)?.EpId ?? '',
      user: entry.user,
      state: entry.state,
    })),
  );
}

const numbered = (list: readonly unknown[]): number[] => list.map((_, at) => at + 1);

const line =
  (show: (entry: Line) => string) =>
  (unit: Unit, [row = 0]: readonly number[]): string => {
    const entry = lines(unit)[row - 1];
    return entry ? show(entry) : '';
  };

const registration =
  (show: (entry: Registered, unit: Unit) => string) =>
  (unit: Unit, [row = 0]: readonly number[]): string => {
    const entry = registrations(unit)[row - 1];
    return entry ? show(entry, unit) : '';
  };

/** Shows a value of the gateway's own row in a status table, as the service runs with it. */
const asRun =
  (column: string) =>
  (unit: Unit, [row = 0]: readonly number[]): string => {
    const name = cell(unit.config.tree, dgwPath(unit, `SipEp.Gateway.${row}.Name`));
    return unit.config.running(`SipEp.Gateway[Name="${name}"].${column}`) ?? '';
  };

const table = `${X}SipEp.`;

const mailboxes = mailboxStatus(unit =>
  [...gatewaysOf(unit)].map(([gateway, { agent }]) => ({ gateway, mailboxes: agent?.mailboxes() ?? [] })),
);

export const sipep: Service = {
  name: 'SipEp',
  start,
  stop,
  clockSet,
  powerOff: unit => stop(unit, true),
  check: checkTransports,
  apply: noteCertificates,
  values: {
    ...mailboxes.values,
    [`${table}GatewayStatus.{i}.State`]: (unit, [row = 0]) =>
      gatewayState(unit, cell(unit.config.tree, dgwPath(unit, `SipEp.Gateway.${row}.Name`))),
    [`${table}GatewayStatus.{i}.NetworkInterface`]: asRun('NetworkInterface'),
    [`${table}GatewayStatus.{i}.MediaNetworks`]: asRun('MediaNetworks'),
    [`${table}GatewayStatus.{i}.Port`]: asRun('Port'),
    [`${table}GatewayStatus.{i}.SecurePort`]: asRun('SecurePort'),
    [`${table}GatewayStatus.{i}.Domain`]: asRun('Domain'),
    [`${table}TlsPersistentConnectionStatus.{i}.Index`]: (_unit, [row = 0]) => String(row),
    [`${table}TlsPersistentConnectionStatus.{i}.Gateway`]: line(entry => entry.gateway),
    [`${table}TlsPersistentConnectionStatus.{i}.LocalPort`]: line(entry => String(entry.port)),
    [`${table}TlsPersistentConnectionStatus.{i}.RemoteHost`]: line(entry => entry.host),
    [`${table}TlsPersistentConnectionStatus.{i}.RemoteHostIpAddr`]: line(entry => entry.address),
    [`${table}TlsPersistentConnectionStatus.{i}.State`]: line(entry => entry.state),
    [`${table}RegistrationStatus.{i}.Index`]: (_unit, [row = 0]) => String(row),
    [`${table}RegistrationStatus.{i}.Gateway`]: registration(entry => entry.gateway),
    [`${table}RegistrationStatus.{i}.Endpoint`]: registration(entry => entry.endpoint),
    [`${table}RegistrationStatus.{i}.State`]: registration(entry => entry.state),
    [`${table}RegistrationStatus.{i}.Username`]: registration(entry => entry.user),
    [`${table}RegistrationStatus.{i}.Registrar`]: registration((entry, unit) => {
      const { host, port } = registrarOf(unit, entry.gateway);
      return `${host}:${port}`;
    }),
  },
  rows: {
    ...mailboxes.rows,
    [`${table}TlsPersistentConnectionStatus.`]: unit => numbered(lines(unit)),
    [`${table}RegistrationStatus.`]: unit => numbered(registrations(unit)),
  },
};
