// Builds everything in order: the plan of the server on one page.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { SecureVersion } from 'node:tls';
import type { Clock, Random } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { createEvents, type EventBus } from './events.ts';
import { createFleet, type Fleet } from './fleet/fleet.ts';
import { createSecrets } from './fleet/secrets.ts';
import { createMetrics } from './metrics.ts';
import { createRest } from './north/rest.ts';
import { createHttpWake } from './south/connect/http.ts';
import { linkOf } from './south/files.ts';
import { createSouth, type ListenTls, type South } from './south/listener.ts';
import { parseFilter } from './store/filter.ts';
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
  api: URL;
  /** Base URL that CPEs use; that of the first listener unless told. */
  publicUrl?: string;
  tls: { certificates: ListenTls['certificates']; minVersion: SecureVersion; ciphers?: string; clientCa?: string };
  cpeAuth: 'required' | 'none';
  enrol: 'approve' | 'auto';
  enrolment?: { username: string; password: string };
  trustedProxies: string[];
  connectionRequestAllow: string[];
  apiTls?: { cert: string; key: string };
}

export interface Acs {
  /** Where CPEs and operators reach it, with the ports that were really bound. */
  cwmp: string[];
  api: string;
  fleet: Fleet;
  events: EventBus;
  south: South;
  renewCertificates(certificates: ListenTls['certificates']): void;
  close(): Promise<void>;
}

export async function startAcs(setup: AcsSetup): Promise<Acs> {
  const { clock, random, log, store } = setup;
  const events = createEvents();
  const secrets = createSecrets(setup.serverKey, random);
  const links = secrets.keyFor('file links');
  const wake = createHttpWake({ clock, random, events, secrets, allow: setup.connectionRequestAllow });
  let base = setup.publicUrl?.replace(/\/+$/, '') ?? '';

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
    owner: random.bytes(6).toString('hex'),
    ports: { wake, linkFile: (task, direction) => base + linkOf(links, task, direction) },
  });

  const south = createSouth({
    fleet,
    clock,
    random,
    log,
    events,
    keys: { nonces: secrets.keyFor('nonces'), links },
    cpeAuth: setup.cpeAuth,
    trustedProxies: setup.trustedProxies,
  });
  const cwmp: string[] = [];
  for (const { url } of setup.cwmp) {
    const tls = url.protocol === 'https:' ? { tls: { ...setup.tls } } : {};
    const port = await south.listen({ host: hostOf(url), port: Number(url.port || (tls.tls ? 443 : 80)), ...tls });
    cwmp.push(`${url.protocol}//${url.hostname}:${port}`);
  }
  if (!base) base = cwmp[0] ?? '';

  const count = async (state: string): Promise<{ state: string; count: number }> => ({
    state,
    count: await store.countDevices(parseFilter(`state = "${state}"`), clock.now()),
  });
  const metrics = createMetrics(events, {
    sessions: () => south.sessions(),
    devices: async () => await Promise.all(['known', 'quarantine', 'enrolled'].map(count)),
  });
  let ready = false;
  const rest = await createRest({
    fleet,
    store,
    wake,
    clock,
    log,
    events,
    metrics,
    roleOf: async token => (sameToken(token, setup.adminToken) ? 'admin' : undefined),
    isReady: () => ready,
    ...(setup.apiTls ? { tls: setup.apiTls } : {}),
  });
  const bound = await rest.listen({ host: hostOf(setup.api), port: Number(setup.api.port || 0) });
  const stopLog = logEvents(events, log);
  ready = true;

  return {
    cwmp,
    api: `${setup.api.protocol}//${setup.api.hostname}:${new URL(bound).port}`,
    fleet,
    events,
    south,
    renewCertificates: certificates => south.renewCertificates(certificates),
    close: async () => {
      ready = false;
      await rest.close();
      await south.close();
      stopLog();
      metrics.stop();
      await store.close();
    },
  };
}

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

const sameToken = (given: string, good: string): boolean =>
  timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(good).digest());

/** One line a session at info; faults, enrolments and connection requests as they come. */
function logEvents(events: EventBus, log: Log): () => void {
  const ends = [
    events.on('session', event => log.info('session', { ...event })),
    events.on('enrolled', event => log.info('device', { ...event })),
    events.on('knock', event => log.info('knocking', { ...event })),
    events.on('fault', ({ fault }) =>
      log.warn('fault', { device: fault.device, cause: fault.cause, code: fault.code, reason: fault.message }),
    ),
    events.on('connectionRequest', event => log.info('connection request', { ...event })),
    events.on('reconciled', event => log.info('reconciled', { ...event })),
    events.on('task', ({ task }) =>
      log.debug('task', { id: task.id, device: task.device, method: task.method, state: task.state }),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
