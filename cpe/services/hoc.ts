// Host Configuration: the unit's clock. It is not set at power-up; SNTP sets it (Hoc.SntpConfigSource names the source).
import { isIP } from 'node:net';
import { isAbort, messageOf } from '../../shared/errors.ts';
import { querySntp, SntpKissOfDeath } from '../../shared/sntp.ts';
import { readZone } from '../state/time-zone.ts';
import { defaultIpv6RouterOf, defaultRouterOf, domainNameOf } from './common/host.ts';
import { noteFirstUse } from './dcm.ts';
import {
  type Applied,
  dgwPath,
  hostPort,
  localTime,
  peekSlot,
  rowsOf,
  type Service,
  slotOf,
  type Unit,
  uptimeSeconds,
  X,
} from './service.ts';

interface HocState {
  stop?: AbortController | undefined;
  /** The first attempt since boot. */
  first?: Promise<unknown>;
  source: string;
  /** No server answered the last time. */
  isUnanswered?: boolean;
  /** Servers that asked to be left alone, and until when (monotonic milliseconds). */
  pauses?: Map<string, number>;
}

const peek = (unit: Unit): HocState | undefined => peekSlot(unit, hoc);
const state = (unit: Unit): HocState => slotOf(unit, hoc, () => ({ source: '' }));

/** Attempts at one server before the next; the numbers are our choice. */
const TRIES = 3;
const TIMEOUT = 5000;
/** Milliseconds that a server is left alone at least after it said RATE; the number is our choice. */
const RATE_PAUSE = 900_000;
/** Most time that a boot waits for the clock. */
const PATIENCE = 2000;

/** Servers in the order of their priority, `host:port`. */
function servers(unit: Unit): string[] {
  const fixed = rowsOf(unit, 'Hoc.StaticSntpServers', ['HostName'])
    .map(row => row.HostName)
    .filter(host => host !== '');
  const learned = unit.dhcp.lease?.ntpServers ?? [];
  switch (unit.config.variable('Hoc.SntpConfigSource')) {
    case 'Static':
      return fixed;
    case 'AutomaticWithFallback':
      return [...learned, ...fixed];
    case 'Automatic':
      return learned;
    case undefined:
      return [...learned, ...plainServers(unit)];
    default:
      return [];
  }
}

/** TR-181 Device.Time of a plain device. */
function plainServers(unit: Unit): string[] {
  return [1, 2, 3, 4, 5].flatMap(at => {
    const found = unit.config.tree.find(`${unit.model.root}Time.NTPServer${at}`);
    const value = found ? unit.config.tree.stored(`${unit.model.root}Time.NTPServer${at}`, found) : '';
    return value === '' ? [] : [value];
  });
}

/** The DNS servers in use: fixed ones by their priority, or those of the lease (`Hoc.DnsServersConfigSource`). */
export function dnsServersOf(unit: Unit): string[] {
  if (unit.config.variable('Hoc.DnsServersConfigSource') !== 'Static') return unit.dhcp.lease?.dnsServers ?? [];
  return rowsOf(unit, 'Hoc.StaticDnsServers', ['IpAddress']).flatMap(row =>
    isIP(row.IpAddress) ? [row.IpAddress] : [],
  );
}

const isPaused = (unit: Unit, server: string): boolean =>
  (state(unit).pauses?.get(server) ?? 0) > unit.clock.monotonic();

/** RFC 4330 10: a server that says RATE is asked less often, one that denies its service no more until the next start or other settings. */
function pause(unit: Unit, server: string, reason: string): void {
  const own = state(unit);
  own.pauses ??= new Map();
  own.pauses.set(server, reason === 'RATE' ? unit.clock.monotonic() + RATE_PAUSE : Number.POSITIVE_INFINITY);
  unit.log.warn('SNTP server refuses', { server, reason });
}

async function takeTime(unit: Unit, server: string, offset: number): Promise<void> {
  const own = state(unit);
  const isNews = own.source !== server || own.isUnanswered === true;
  own.source = server;
  delete own.isUnanswered;
  unit.setClock(offset);
  if (isNews) unit.notify('clockSet', { server });
  unit.log.debug('clock set', { server, offset: Math.round(offset) });
  await noteFirstUse(unit);
}

async function synchronise(unit: Unit, signal: AbortSignal): Promise<boolean> {
  for (const server of servers(unit)) {
    const { host, port } = hostPort(server);
    for (let attempt = 0; attempt < TRIES && !isPaused(unit, server); attempt++) {
      try {
        const { clock, random, address } = unit;
        const query = { host, port: port || 123, localAddress: address, clock, random, signal, timeoutMs: TIMEOUT };
        const { offset } = await querySntp(query);
        await takeTime(unit, server, offset);
        return true;
      } catch (error) {
        if (isAbort(error)) throw error;
        if (error instanceof SntpKissOfDeath) pause(unit, server, error.reason);
        unit.log.debug('SNTP query failed', { server, reason: messageOf(error) });
      }
    }
  }
  // The notification is sent once, until a server has set the clock again.
  const own = state(unit);
  if (!own.isUnanswered) unit.notify('clockNotSet', {});
  own.isUnanswered = true;
  return false;
}

async function keepTime(unit: Unit, signal: AbortSignal): Promise<void> {
  for (;;) {
    const attempt = synchronise(unit, signal);
    state(unit).first ??= attempt;
    const done = await attempt;
    const name = done ? 'Hoc.SntpSynchronizationPeriod' : 'Hoc.SntpSynchronizationPeriodOnError';
    const minutes = Number(unit.config.variable(name) ?? (done ? 1440 : 60));
    await unit.clock.sleep(minutes * 60_000, signal);
  }
}

/** An aborted attempt is no failure; a failed one is logged at its place. */
function ignoreAbort(error: unknown): void {
  if (!isAbort(error)) throw error;
}

/** Restarts the queries: at boot, after a new lease, after a change of the settings. */
export function restartTime(unit: Unit): void {
  peek(unit)?.stop?.abort();
  if (servers(unit).length === 0) return;
  const own = state(unit);
  delete own.pauses;
  const stop = new AbortController();
  own.stop = stop;
  keepTime(unit, stop.signal).catch((error: unknown) => {
    if (!isAbort(error)) unit.log.error('time service failed', { error });
  });
}

const sntpSettings = /X_0090F8_Hoc\.(StaticSntp|Sntp)|\.Time\.NTPServer/;

export const hoc: Service = {
  name: 'Hoc',
  values: {
    [`${X}Hoc.SystemTime`]: unit => localTime(unit, unit.now()),
    [`${X}Hoc.SystemUptime`]: unit => String(uptimeSeconds(unit)),
    [`${X}Hoc.SntpCurrentSource`]: unit => peek(unit)?.source ?? '',
    [`${X}Hoc.SntpServersInfo.{i}.HostName`]: (unit, [row = 0]) => servers(unit)[row - 1] ?? '',
    [`${X}Hoc.DnsServersInfo.{i}.IpAddress`]: (unit, [row = 0]) => dnsServersOf(unit)[row - 1] ?? '',
    [`${X}Hoc.DefaultRouterInfo`]: defaultRouterOf,
    [`${X}Hoc.DefaultIpv6RouterInfo`]: defaultIpv6RouterOf,
    [`${X}Hoc.DomainNameInfo`]: domainNameOf,
    [`${X}Hoc.SntpServerHostInfo`]: unit => servers(unit)[0] ?? '',
    // The former name of the setting.
    [`${X}Hoc.SntpTimeZone`]: unit => unit.config.variable('Hoc.StaticTimeZone') ?? '',
  },
  writes: {
    [`${X}Hoc.SntpTimeZone`]: (draft, value) => {
      const path = dgwPath(draft, 'Hoc.StaticTimeZone');
      const found = draft.find(path);
      if (found) draft.put(path, found, value);
    },
  },
  check(unit, draft, problem) {
    const path = dgwPath(unit, 'Hoc.StaticTimeZone');
    const text = draft.touched.get(path);
    const zone = text === undefined ? undefined : readZone(text);
    if (typeof zone === 'string') problem(path, 9007, `${text} is no time zone: ${zone}`);
  },
  async start(unit) {
    delete peek(unit)?.first;
    restartTime(unit);
    const first = peek(unit)?.first;
    if (!first) return;
    // Later steps need the clock: a server that answers at all does so within this time.
    const enough = new AbortController();
    await Promise.race([first, unit.clock.sleep(PATIENCE, enough.signal)]).catch(ignoreAbort);
    enough.abort();
  },
  stop(unit) {
    peek(unit)?.stop?.abort();
  },
  apply(unit: Unit, { changes, source }: Applied) {
    if (source !== 'unit' && changes.some(change => sntpSettings.test(change.path)) && unit.services.started('Hoc'))
      restartTime(unit);
  },
};
