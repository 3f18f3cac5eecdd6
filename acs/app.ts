// Builds everything in order: the plan of the server on one page.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { SecureVersion } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { Clock, Random } from '../shared/clock.ts';
import { messageOf } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { authorityOf } from '../shared/stun.ts';
import { livenessStates } from './device/liveness.ts';
import { UserError } from './errors.ts';
import { createEvents, type EventBus } from './events.ts';
import { createSchedule } from './fleet/cluster/schedule.ts';
import { aloneAs } from './fleet/common/members.ts';
import { createSecrets, type Secrets } from './fleet/common/secrets.ts';
import { type KeptDays, startDuties } from './fleet/duties.ts';
import { createFleet, type Fleet } from './fleet/fleet.ts';
import { createMetrics, type MetricSources } from './metrics.ts';
import { createRest } from './north/rest.ts';
import { createPoster } from './north/webhook-sender.ts';
import { parseFilter } from './query/filter.ts';
import { joinFleet, type Place } from './relay/join.ts';
import type { AdmissionLimits } from './south/admission.ts';
import { createHttpSender } from './south/connection-request/http.ts';
import { networks, refusal } from './south/connection-request/policy.ts';
import { createConnectionRequests } from './south/connection-request/send.ts';
import { openStunServer, type StunLogin } from './south/connection-request/stun-server.ts';
import { createUdpSender } from './south/connection-request/udp.ts';
import { createSouth, type ListenTls, renewServer, type South } from './south/listener.ts';
import { createProbeAcs } from './south/probe/acs.ts';
import { probeTls } from './south/probe/tls.ts';
import type { WireTap } from './south/tracer.ts';
import { linkOf } from './south/transfers.ts';
import { watchStore } from './store/health.ts';
import type { Store } from './store/store.ts';

export interface AcsSetup {
  clock: Clock;
  random: Random;
  log: Log;
  store: Store;
  /** 32 bytes: everything secret is derived from it or sealed with it. */
  serverKey: Buffer;
  adminToken: string;
  cwmp: { url: URL }[];
  /** Absent in a worker: it only serves CPEs. */
  api?: URL;
  /** Base URL that CPEs use; unless told, the one that each CPE came to. */
  publicUrl?: string;
  tls: { certificates: ListenTls['certificates']; minVersion: SecureVersion; ciphers?: string; clientCa?: string };
  cpeAuth: 'required' | 'none';
  enrol: 'approve' | 'auto';
  enrolment?: { username: string; password: string };
  trustedProxies: string[];
  /** Networks of load balancers whose connections begin with a PROXY header; none unless told. */
  proxyProtocol?: string[];
  connectionRequestAllow: string[];
  /** Networks of one's own that webhooks may lead to, and to which plain HTTP may go; none unless told. */
  webhookAllow?: string[];
  /** How many sessions run and how many Informs wait; the defaults of the listener unless told. */
  limits?: AdmissionLimits;
  /** One of several processes on the store; the only one unless told. */
  together?: Place;
  /** The processes that serve the CPEs where this one does not. */
  workers?: {
    /** @returns where they listen */
    start(fleet: Fleet): Promise<string[]>;
    metrics(): Promise<object[][]>;
    renew(certificates: ListenTls['certificates']): void;
    stop(): Promise<void>;
  };
  /** How long ended tasks and the audit are kept; 30 and 365 days unless told. */
  keepDays?: KeptDays;
  /** Sees every envelope, secrets included. */
  wire?: WireTap;
  /** The STUN server, without which nothing is sent by UDP. */
  stun?: { host: string; port: number; login?: StunLogin };
}

export interface Acs {
  /** Where CPEs and operators reach it, with the ports that were really bound. */
  cwmp: string[];
  api: string;
  /** `host:port` of the STUN server, where one runs. */
  stun?: string;
  fleet: Fleet;
  events: EventBus;
  south: South;
  renewCertificates(certificates: ListenTls['certificates']): void;
  close(): Promise<void>;
}

/** @throws UserError when an address cannot be listened on; nothing stays open then, the store neither */
export async function startAcs(setup: AcsSetup): Promise<Acs> {
  const closing: (() => Promise<void> | void)[] = [() => setup.store.close()];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    return await build(setup, closing, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  setup: AcsSetup,
  closing: (() => Promise<void> | void)[],
  close: () => Promise<void>,
): Promise<Acs> {
  const { clock, random, log } = setup;
  const { store: watched, health } = watchStore(setup.store, { clock, log });
  closing.push(() => health.stop());
  const events = createEvents();
  const secrets = createSecrets(setup.serverKey, random);
  const links = secrets.keyFor('file links');
  const base = setup.publicUrl?.replace(/\/+$/, '');
  const cwmp: string[] = [];
  closing.push(logEvents(events, log));
  const ended = new AbortController();
  const stun = setup.stun && (await listening('--stun', setup.stun, openStunServer({ ...setup.stun, clock, log })));
  if (stun) closing.push(() => stun.close());

  const allowed = networks(setup.connectionRequestAllow);
  const knocking = { clock, random, secrets, allowed };
  const onArrival: Fleet['visits']['onArrival'] = (id, listener) => fleet.visits.onArrival(id, listener);
  const wake = createConnectionRequests({
    events,
    http: createHttpSender(knocking),
    ...(stun ? { udp: createUdpSender({ ...knocking, server: stun, onArrival }) } : {}),
    signal: ended.signal,
  });

  const poster = createPoster(networks(setup.webhookAllow ?? []));
  closing.push(() => poster.close());
  const together = setup.together && (await joinFleet(setup.together, { store: watched, clock, log }));
  const store = together?.store ?? watched;
  closing.push(async () => await together?.close());
  // The store belongs to one process: what an earlier one had claimed when it was killed is free for us at once.
  const members = together?.members ?? aloneAs(secrets.keyFor('owner').toString('hex', 0, 6));
  const fleet = createFleet({
    store,
    clock,
    random,
    log,
    events,
    secrets,
    enrol: setup.enrol,
    cpeAuth: setup.cpeAuth,
    ...(setup.enrolment ? { enrolment: setup.enrolment } : {}),
    members,
    ports: {
      ...together?.ports,
      wake,
      post: poster.post,
      linkFile: (task, direction, came) => (base ?? came ?? cwmp[0]) + linkOf(links, task, direction),
      probeAcs: createProbeAcs(clock),
      preflight: {
        probeTls: (host, port) => probeTls(host, port, clock),
        mayAsk: (address, host) => refusal({ address }, host, allowed) === undefined,
        own: () => ownTls(base, cwmp),
      },
    },
  });

  const south = createSouth({
    fleet,
    clock,
    random,
    log,
    events,
    keys: {
      nonces: secrets.keyFor('nonces'),
      links,
      cookies: secrets.keyFor('session cookies'),
      tickets: ticketKeys(secrets),
    },
    cpeAuth: setup.cpeAuth,
    trustedProxies: setup.trustedProxies,
    proxyProtocol: setup.proxyProtocol,
    limits: setup.limits,
    forward: together?.forward,
    ...(setup.wire ? { wire: setup.wire } : {}),
  });
  together?.serve({ fleet, south, events });
  closing.push(() => south.close());
  closing.push(() => fleet.traces.stop());
  closing.push(() => fleet.history.stop());

  const isMain = setup.api !== undefined;
  const metrics = createMetrics(events, {
    others: setup.workers?.metrics,
    sessions: () => south.sessions(),
    admission: () => south.admission(),
    ...(isMain ? stateSources(setup, fleet) : noSources),
  });
  closing.push(() => metrics.stop());
  setup.together?.relay.serve('metrics', async () => await metrics.plain());
  let unready: string | undefined = 'it starts';
  const api =
    setup.api &&
    (await createRest({
      fleet,
      store,
      wake,
      clock,
      random,
      log,
      events,
      metrics,
      roleOf: async token => (sameToken(token, setup.adminToken) ? 'admin' : undefined),
      unready: () => unready ?? health.trouble(),
      ...(setup.api.protocol === 'https:' ? { tls: setup.tls.certificates } : {}),
    }));
  closing.push(async () => await api?.close());

  for (const { url } of setup.cwmp) cwmp.push(await listenCwmp(url, south, setup.tls));
  cwmp.push(...((await setup.workers?.start(fleet)) ?? []));
  closing.push(async () => await setup.workers?.stop());
  const apiAt = await listenApi(setup.api, api);
  unready = undefined;
  if (isMain) startWork(setup, fleet, { store, clock, log, closing });
  closing.push(() => {
    unready = 'it stops';
    ended.abort(new DOMException('the ACS closes', 'AbortError'));
  });

  return {
    cwmp,
    api: apiAt,
    ...(stun ? { stun: authorityOf({ address: stun.host, port: stun.port }) } : {}),
    fleet,
    events,
    south,
    renewCertificates: certificates => {
      south.renewCertificates(certificates);
      if (api) renewServer(api.server, certificates);
      setup.workers?.renew(certificates);
    },
    close,
  };
}

const listenTroubles: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already',
  EADDRNOTAVAIL: 'no interface of this host has that address',
  EACCES: 'not allowed to listen there (ports below 1024 need a privilege)',
  ENOTFOUND: 'that name has no address',
};

/** @throws UserError 503 naming the option */
export async function listening<T>(
  option: string,
  where: URL | { host: string; port: number },
  bound: Promise<T>,
): Promise<T> {
  try {
    return await bound;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = listenTroubles[(error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
    const shown = where instanceof URL ? where.origin : authorityOf({ address: where.host, port: where.port });
    throw new UserError(503, 'cannot-listen', `${option} ${shown}: ${reason}`);
  }
}

async function listenCwmp(url: URL, south: South, tls: ListenTls): Promise<string> {
  const secure = url.protocol === 'https:';
  const address = { host: hostOf(url), port: Number(url.port || (secure ? 443 : 80)) };
  const port = await listening('--cwmp', url, south.listen({ ...address, ...(secure ? { tls } : {}) }));
  return `${url.protocol}//${url.hostname}:${port}`;
}

async function listenApi(url: URL | undefined, api: FastifyInstance | undefined): Promise<string> {
  if (!url || !api) return '';
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const bound = await listening('--api', url, api.listen({ host: hostOf(url), port }));
  return `${url.protocol}//${url.hostname}:${new URL(bound).port || port}`;
}

/** All that is done unasked, when its time has come. */
function startWork(
  setup: AcsSetup,
  fleet: Fleet,
  {
    store,
    clock,
    log,
    closing,
  }: Pick<AcsSetup, 'store' | 'clock' | 'log'> & { closing: (() => Promise<void> | void)[] },
): void {
  const { members, liveness, alerts, files, rollouts, webhooks } = fleet;
  const isGone = async (id: string): Promise<boolean> => members.alone || (await members.isGone(id));
  const schedule = createSchedule({ store, clock, log, owner: members.self, isGone });
  startDuties(schedule, { store, clock, liveness, alerts, files }, setup.keepDays ?? { tasks: 30, audit: 365 });
  rollouts.run(schedule);
  webhooks.start();
  closing.push(() => webhooks.stop());
  closing.push(() => schedule.stop());
  closing.push(() => rollouts.stop());
}

/** Counted by the store, so by one process alone. */
const stateSources = (
  setup: AcsSetup,
  fleet: Fleet,
): Pick<MetricSources, 'alerts' | 'webhooks' | 'liveness' | 'devices' | 'rollouts'> => ({
  alerts: async () => await fleet.alerts.list(),
  webhooks: async () => await fleet.webhooks.counts(),
  liveness: async () => await Promise.all(livenessStates.map(countOf(setup, 'liveness'))),
  rollouts: async () => await fleet.rollouts.live(),
  devices: async () =>
    await Promise.all((['known', 'quarantine', 'enrolled', 'held'] as const).map(countOf(setup, 'state'))),
});
const noSources: ReturnType<typeof stateSources> = {
  alerts: async () => [],
  webhooks: async () => [],
  liveness: async () => [],
  devices: async () => [],
  rollouts: async () => [],
};

/** The URL that CPEs are given, and where it is heard over TLS: a listener on all interfaces is asked on the loopback. */
function ownTls(
  base: string | undefined,
  cwmp: readonly string[],
): { url?: string; listener?: { host: string; port: number } } {
  const url = base ?? cwmp[0];
  const secure = cwmp.map(text => new URL(text)).find(({ protocol }) => protocol === 'https:');
  const host =
    secure &&
    hostOf(secure)
      .replace(/^0\.0\.0\.0$/, '127.0.0.1')
      .replace(/^::$/, '::1');
  return {
    ...(url === undefined ? {} : { url }),
    ...(secure && host !== undefined ? { listener: { host, port: Number(secure.port || 443) } } : {}),
  };
}

const countOf =
  ({ store, clock }: AcsSetup, field: string) =>
  async (state: string): Promise<{ state: string; count: number }> => ({
    state,
    count: await store.countDevices(parseFilter(`${field} = "${state}"`), clock.now()),
  });

/** Node wants 48 bytes: a name and two keys. */
const ticketKeys = ({ keyFor }: Secrets): Buffer =>
  Buffer.concat([keyFor('session tickets'), keyFor('names of session tickets').subarray(0, 16)]);

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

const sameToken = (given: string, good: string): boolean =>
  timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(good).digest());

/** One line a session at info; faults, enrolments and connection requests as they come. */
function logEvents(events: EventBus, log: Log): () => void {
  const ends = [
    events.on('session', event => log.info('session', { ...event })),
    events.on('enrolled', event => log.info('device', { ...event })),
    events.on('held', event => log.warn('device held', { ...event })),
    events.on('late', event => log.info('late', { ...event })),
    events.on('lost', event => log.warn('lost', { ...event })),
    events.on('back', event => log.info('back', { ...event })),
    events.on('alert', event => log.warn('alert', { ...event })),
    events.on('webhook', event => log[event.outcome === 'dead' ? 'warn' : 'debug']('webhook', { ...event })),
    events.on('knock', event => log.info('knocking', { ...event })),
    events.on('fault', ({ fault }) =>
      log.warn('fault', { device: fault.device, cause: fault.cause, code: fault.code, reason: fault.message }),
    ),
    events.on('connectionRequest', event => log.info('connection request', { ...event })),
    events.on('moving', event => log.info('moving', { ...event })),
    events.on('drift', event => log.warn('drift', { ...event })),
    events.on('reconciled', event => log.info('reconciled', { ...event })),
    events.on('task', ({ task }) =>
      log.debug('task', { id: task.id, device: task.device, method: task.method, state: task.state }),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
