// An ACS and a fleet of gateways in one process, in virtual time: no sockets, no threads, chance from one seed. The clock moves only
// when nothing is under way, so the same seed is the same run, exchange by exchange, and a day passes in seconds. Plain http stands
// for the transport; TLS is proved over sockets.
import type { FastifyInstance } from 'fastify';
import { fileLinks } from '../../../acs/app/fleet.ts';
import { noSources } from '../../../acs/app/north.ts';
import { buildSouth } from '../../../acs/app/south.ts';
import { createEvents, type EventBus } from '../../../acs/events.ts';
import { adminToken } from '../../../acs/fleet/access/principal.ts';
import { createSchedule } from '../../../acs/fleet/cluster/schedule.ts';
import { aloneAs } from '../../../acs/fleet/common/members.ts';
import { createSecrets } from '../../../acs/fleet/common/secrets.ts';
import { createFleet, type Fleet } from '../../../acs/fleet/fleet.ts';
import { createMetrics } from '../../../acs/metrics.ts';
import { createRest } from '../../../acs/north/rest.ts';
import { createConnectionRequests } from '../../../acs/south/connection-request/send.ts';
import type { South } from '../../../acs/south/listener.ts';
import { createProbeAcs } from '../../../acs/south/probe/acs.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { type FaultRates, parseFaults } from '../../../cpe/faults/catalogue.ts';
import type { FaultProbabilities } from '../../../cpe/faults/unit-faults.ts';
import { type FleetReport, mergeReports } from '../../../cpe/fleet/report.ts';
import { UnitGroup } from '../../../cpe/fleet/unit-group.ts';
import { dotted } from '../../../cpe/fleet/unit-options.ts';
import type { CustomerProfile } from '../../../cpe/profile.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { createLog, type Log, silentLog } from '../../../shared/log.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { virtualNet } from './virtual-net.ts';

export interface VirtualWorldOptions {
  seed?: number;
  /** Gateways. */
  count?: number;
  /** As --faults. */
  faults?: string;
  /** Seconds over which the gateways power up. */
  ramp?: number;
  cpeAuth?: 'required' | 'none';
  enrol?: 'approve' | 'auto';
  /** Factory settings of the gateways, by script name or path. */
  settings?: Record<string, string>;
  softwareVersion?: string;
  /** Parameters that the fleet's report tells of. */
  parameters?: string[];
  /** SQLite file; default: in memory. */
  file?: string;
  /** Lines of both sides from `warn` on. */
  write?: (line: string) => void;
}

export interface VirtualWorld {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly fleet: Fleet;
  readonly south: South;
  readonly events: EventBus;
  readonly group: UnitGroup;
  /** A second ACS in the same network, with a store of its own; it ends with the world. */
  another(url: string, options?: { cpeAuth?: 'required' | 'none' }): Promise<{ store: Store; fleet: Fleet }>;
  /** Sets the faults of the gateways from now on. */
  setFaults(faults: string): void;
  /** Powers the gateways up; they come over the ramp. */
  start(): void;
  /** Lets time pass, milliseconds. Rejects when a gateway could not be made. */
  pass(ms: number): Promise<void>;
  /** Lets time pass in steps until `holds`. @returns milliseconds that it took. @throws Error after `limit` of them */
  until(what: string, holds: () => boolean | Promise<boolean>, limit: number, step?: number): Promise<number>;
  /** Calls the REST API as its admin. @throws Error for an answer that is no success */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  report(): FleetReport;
  /** All that went over the network so far, as one hash. */
  trace(): { exchanges: number; hash: string };
  close(): Promise<void>;
}

export const virtualUrl = 'http://acs.test';
const TOKEN = 'virtual-token';
/** Unit addresses start here: 10.64.0.1. */
const BASE_ADDRESS = 0x0a400001;
/** Without connections there is nothing by which a unit that ignores cookies could be told. */
const possible = (rates: FaultRates): FaultRates => ({ ...rates, 'no-cookie': 0 });

/** A unit that is there at once and informs by schedule. */
export const informingEvery = (seconds: number): VirtualWorldOptions => ({
  ramp: 0,
  settings: {
    'Device.ManagementServer.PeriodicInformEnable': '1',
    'Device.ManagementServer.PeriodicInformInterval': String(seconds),
  },
});

export async function openVirtualWorld(options: VirtualWorldOptions = {}): Promise<VirtualWorld> {
  const { seed = 1, count = 1, faults = 'none', ramp = 60, cpeAuth = 'required', enrol = 'auto' } = options;
  const clock = new VirtualClock();
  const net = virtualNet(clock);
  clock.idle = net.isIdle;
  const began = performance.now();
  const log: Log = options.write ? createLog({ clock, level: 'warn', write: options.write }) : silentLog;
  const acs = await openAcs({ seed, cpeAuth, enrol, clock, net, log, file: options.file ?? ':memory:' });
  net.serve(virtualUrl, acs.app);

  const probabilities: FaultProbabilities = { rates: possible(parseFaults(faults)) };
  const group = new UnitGroup({
    count,
    numbers: Array.from({ length: count }, (_, at) => at),
    seed,
    ramp,
    probabilities,
    clock,
    http: net.http,
    openListener: net.openListener,
    gatewayOptions: await units(options, clock, log),
    parameters: options.parameters ?? [],
    memory: () => 0,
  });
  const others: (typeof acs)[] = [];
  let trouble: unknown;

  const pass = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    if (trouble !== undefined) throw trouble;
  };

  return {
    clock,
    store: acs.store,
    fleet: acs.fleet,
    south: acs.south,
    events: acs.events,
    group,
    another: async (url, { cpeAuth: auth = cpeAuth } = {}) => {
      const parts = { seed: seed + others.length + 1, cpeAuth: auth, enrol, clock, net, log, file: ':memory:' };
      const other = await openAcs(parts);
      others.push(other);
      net.serve(url, other.app);
      return other;
    },
    setFaults: text => {
      probabilities.rates = possible(parseFaults(text));
    },
    start: () => {
      group.start().catch((error: unknown) => {
        trouble = error;
      });
    },
    pass,
    until: async (what, holds, limit, step = 60_000) => {
      const start = clock.monotonic();
      while (!(await holds())) {
        if (clock.monotonic() - start >= limit) throw new Error(`not within ${limit / 1000} s: ${what}`);
        await pass(step);
      }
      return clock.monotonic() - start;
    },
    api: async (method, path, body) => await callApi(acs.rest, method, path, body),
    report: () => {
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      return mergeReports([group.report()], { count, seed, seconds, withUnits: true });
    },
    trace: net.trace,
    close: async () => {
      const ending = group.end();
      // A unit that waits for something by the clock ends by it.
      await clock.settle();
      await ending;
      for (const each of [acs, ...others]) await each.close();
    },
  };
}

async function callApi(rest: FastifyInstance, method: string, path: string, body: unknown): Promise<unknown> {
  const isBytes = Buffer.isBuffer(body);
  const answer = await rest.inject({
    method: method as 'GET',
    url: `/api/v1${path}`,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined ? {} : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: isBytes ? body : JSON.stringify(body) }),
  });
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${answer.body}`);
  return answer.body === '' ? undefined : JSON.parse(answer.body);
}

interface AcsParts {
  seed: number;
  cpeAuth: 'required' | 'none';
  enrol: 'approve' | 'auto';
  clock: VirtualClock;
  net: ReturnType<typeof virtualNet>;
  log: Log;
  file: string;
}

/** As acs/app.ts builds it, without what opens sockets. */
async function openAcs({ seed, cpeAuth, enrol, clock, net, log, file }: AcsParts): Promise<{
  store: Store;
  fleet: Fleet;
  south: South;
  events: EventBus;
  app: FastifyInstance;
  rest: FastifyInstance;
  close(): Promise<void>;
}> {
  const random = seededRandom(seed);
  const store = await openSqlite({ file, clock, inThread: true });
  const events = createEvents();
  const secrets = createSecrets(random.bytes(32), random);
  const ended = new AbortController();
  const sendConnectionRequest = createConnectionRequests({
    events,
    http: net.sendConnectionRequest({ random, secrets }),
    signal: ended.signal,
  });
  const fleet = createFleet({
    store,
    clock,
    random,
    log,
    events,
    secrets,
    enrol,
    cpeAuth,
    enrolment: { username: 'enrol', password: 'factory' },
    members: aloneAs('virtual'),
    ports: {
      sendConnectionRequest,
      linkFile: fileLinks(secrets, came => came ?? virtualUrl),
      probeAcs: createProbeAcs(clock, request => net.http({ clock }).send(request)),
    },
  });
  const { south } = buildSouth(
    { clock: net.servingClock, random, log, cpeAuth, trustedProxies: [] },
    { events, secrets, fleet },
  );
  const metrics = createMetrics(events, {
    sessions: () => south.sessions(),
    ...noSources,
    admission: () => south.admission(),
  });
  const rest = await createRest({
    fleet,
    store,
    sendConnectionRequest,
    clock,
    random,
    log,
    events,
    metrics,
    principalOf: async token => (token === TOKEN ? adminToken : undefined),
    unready: () => undefined,
    server: () => ({ started: 0, cwmp: [virtualUrl], cpeAuth, enrol, certificates: [], hasWorkers: false }),
  });
  const schedule = createSchedule({ store, clock, log, owner: 'virtual' });
  fleet.rollouts.run(schedule);
  fleet.jobs.run(schedule);
  const close = async (): Promise<void> => {
    ended.abort(new DOMException('the ACS closes', 'AbortError'));
    await fleet.rollouts.stop();
    await fleet.jobs.stop();
    await schedule.stop();
    await rest.close();
    metrics.stop();
    fleet.traces.stop();
    await south.close();
    await store.close();
  };
  return { store, fleet, south, events, app: await south.app(), rest, close };
}

async function units(
  options: VirtualWorldOptions,
  clock: VirtualClock,
  log: Log,
): Promise<ConstructorParameters<typeof UnitGroup>[0]['gatewayOptions']> {
  const model = await builtinModel('dgw');
  const profile: CustomerProfile = {
    parameters: {
      // SIP needs sockets.
      'Scm.ServicesConfig[Name=SipEp].StartupType': 'Manual',
      'Cwmp.AcsUrlConfigSource': 'Static',
      'Cwmp.AcsStaticUrl': virtualUrl,
      'Cwmp.Username': 'enrol',
      'Cwmp.Password': 'factory',
      ...options.settings,
    },
    certificates: [],
  };
  return at => {
    const serial = `0090F8${(at + 1).toString(16).padStart(6, '0')}`.toUpperCase();
    const address = dotted(BASE_ADDRESS + at);
    return {
      model,
      identity: {
        manufacturer: 'Media5',
        oui: '0090F8',
        productClass: '4102S',
        serialNumber: serial,
        mac: serial.toLowerCase(),
      },
      profile,
      address,
      clock,
      log,
      listen: { host: address, port: 7547 },
      softwareVersion: options.softwareVersion ?? '49.1.2884',
    };
  };
}
