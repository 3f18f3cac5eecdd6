// Starts an ACS from its options: data directory, keys and certificates, store.
import type { SecureVersion } from 'node:tls';
import { type Clock, type Random, systemClock, systemRandom } from '../../shared/clock.ts';
import { UsageError } from '../../shared/config.ts';
import { createLog, type Log } from '../../shared/log.ts';
import { openKeyLog } from '../../shared/tls/keylog.ts';
import { openWireLog } from '../../shared/wire-log.ts';
import type { AcsSetup } from '../app/setup.ts';
import { type Acs, startAcs } from '../app.ts';
import type { AcsOptions } from '../config.ts';
import { checkPassword } from '../fleet/access/password.ts';
import type { Relay } from '../relay/relay.ts';
import { WorkerMetrics } from '../relay/worker-metrics.ts';
import { type CertificatePair, checkTls, fileText, givenPairs } from './certificate-files.ts';
import { watchCertificates } from './certificate-watch.ts';
import { type DataDirectory, openData, tightenData } from './data-directory.ts';
import { awaitFirstUser } from './first-user.ts';
import { isLoopbackHost, oidcSettings } from './oidc-options.ts';
import { checkStoreOptions, hostPortOf, type OpenedStore, openStore } from './open-store.ts';
import { ownPairs } from './own-certificates.ts';
import { operatorPages } from './pages/files.ts';
import { type Assignment, startWorkers, type Workers } from './workers.ts';

export interface Started {
  acs: Acs;
  log: Log;
  adminToken: string;
  /** PEM of the built-in CA, which gateways must trust; undefined when certificates come from files. */
  ca: string | undefined;
}

export interface ProcessContext {
  adminToken?: string | undefined;
  /** Password of the user `admin`, who is created where there are no users. */
  adminPassword?: string | undefined;
  /** Secret of the server at its identity provider. */
  oidcClientSecret?: string | undefined;
  pretty: boolean;
  write: (line: string) => void;
  clock?: Clock;
  random?: Random;
  /** Present in a worker process. */
  assignment?: Assignment | undefined;
}

export const DEFAULT_CWMP = 'https://0.0.0.0:7547';

/** The options and the data directory, before anything is opened. */
interface Settings {
  options: AcsOptions;
  clock: Clock;
  random: Random;
  log: Log;
  cwmp: URL[];
  api: URL;
  tls: Omit<AcsSetup['tls'], 'certificates'>;
  enrolment?: { username: string; password: string };
  stun?: NonNullable<AcsSetup['stun']>;
  oidc?: NonNullable<AcsSetup['oidc']>;
  data: DataDirectory;
  admin: { token: string; file?: string };
}

/**
 * @throws UsageError for options that contradict each other or files that cannot be read
 * @throws UserError for a data directory, store or address that cannot be used; then nothing stays open
 */
export async function start(options: AcsOptions, context: ProcessContext): Promise<Started> {
  const clock = context.clock ?? systemClock();
  const random = context.random ?? systemRandom();
  const processLog = createLog({ clock, level: options.logLevel, write: context.write, pretty: context.pretty });
  const { assignment } = context;
  const log = assignment ? processLog.child({ worker: assignment.number }) : processLog;
  const cwmp = (options.cwmp.length ? options.cwmp : [DEFAULT_CWMP]).map(text => new URL(text));
  const api = new URL(options.api);
  refuseWeak(options, api);
  const pairs = await givenPairs(options);
  const keylog = options.keylog ? openKeyLog(options.keylog, log) : undefined;
  const oidc = await oidcSettings(options, context.oidcClientSecret);
  const given = {
    tls: { ...(await tlsSettings(options)), ...(keylog && { keylog: keylog.write }) },
    ...(options.enrolSecret ? { enrolment: await loginIn('--enrol-secret', options.enrolSecret) } : {}),
    ...(options.stun ? { stun: await stunSettings(options.stun, options.stunSecret) } : {}),
    ...(oidc ? { oidc } : {}),
  };
  const data = await openData(options.data, clock, random, options.serverKey);
  if (!assignment) await tightenData(options.data, log);
  const admin = context.adminToken ? { token: context.adminToken } : await data.adminToken();
  const settings: Settings = { ...given, options, clock, random, log, cwmp, api, data, admin };
  if (context.adminPassword !== undefined) checkPassword(context.adminPassword, 'TANDEM_ADMIN_PASSWORD');
  const started = assignment ? await startWorker(settings, assignment) : await startMain(settings, pairs);
  if (keylog) afterClose(started.acs, async () => keylog.close());
  if (!assignment) await awaitFirstUser(started, context.adminPassword);
  return started;
}

async function startMain(settings: Settings, pairs: CertificatePair[]): Promise<Started> {
  const { options, clock, random, log, cwmp, api, data, admin, stun, oidc } = settings;
  const wire = options.wire ? await openWireLog(options.wire, log) : undefined;
  const needsTls = [...cwmp, api].some(url => url.protocol === 'https:');
  const authority = needsTls && options.cert.length === 0 ? await data.authority() : undefined;
  const hosts = [...(options.public ? [new URL(options.public)] : []), ...cwmp, api].map(url => url.hostname);
  const issue = authority && (async () => await ownPairs(authority, hosts));
  const certificates = issue ? await issue() : pairs;
  const opened = await openStore(options, data, { clock, random, log });
  const workers = workersOf(settings, opened.cluster?.relay, certificates);
  const acs = await startOn(opened, {
    ...setupOf(settings, opened, certificates),
    api,
    cwmp: workers ? [] : cwmp.map(url => ({ url })),
    ca: authority?.root,
    ...(workers ? { workers } : {}),
    ...(stun ? { stun } : {}),
    ...(oidc ? { oidc } : {}),
    ...(wire ? { wire: wire.tap, wireMasked: !options.wireSecrets } : {}),
  });
  afterClose(acs, wire?.done);
  if (needsTls) {
    const renew = acs.renewCertificates;
    const stopWatch = watchCertificates(certificates, { clock, log, files: options, issue, renew });
    afterClose(acs, stopWatch);
  }
  for (const weakness of weaknesses(options, cwmp)) log.warn('weak setting', { weakness });
  log.info('ready', {
    cwmp: acs.cwmp,
    api: acs.api,
    ...(acs.stun ? { stun: acs.stun } : {}),
    ...(workers ? { workers: options.workers } : {}),
    data: options.data,
    ...(admin.file ? { admin: admin.file } : {}),
    ...(authority ? { ca: data.caFile } : {}),
  });
  return { acs, log, adminToken: admin.token, ca: authority?.root };
}

/** A worker serves only CPEs; its primary does everything else. */
async function startWorker(settings: Settings, assignment: Assignment): Promise<Started> {
  const { options, clock, random, log, data, admin } = settings;
  const opened = await openStore(options, data, { clock, random, log, assignment });
  const relay = opened.cluster?.relay;
  const primary = assignment.primary.member;
  const certificates = (await relay?.call(primary, 'settings', {}))?.certificates ?? [];
  const cwmp = assignment.cwmp.map(url => ({ url: new URL(url) }));
  const acs = await startOn(opened, { ...setupOf(settings, opened, certificates), cwmp });
  relay?.serve('certificates', async ({ certificates: fresh }) => {
    acs.renewCertificates(fresh);
    return undefined;
  });
  await relay?.call(primary, 'listening', { cwmp: acs.cwmp });
  return { acs, log, adminToken: admin.token, ca: undefined };
}

async function startOn(opened: OpenedStore, setup: AcsSetup): Promise<Acs> {
  try {
    const acs = await startAcs(setup);
    afterClose(acs, opened.close);
    return acs;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** The set-up that all processes share. */
function setupOf(
  { options, clock, random, log, tls, enrolment, data, admin }: Settings,
  { store, cluster }: OpenedStore,
  certificates: CertificatePair[],
): Omit<AcsSetup, 'cwmp'> {
  const share = Math.max(1, options.workers);
  return {
    ...{ clock, random, log, store, serverKey: data.serverKey, adminToken: admin.token },
    ...(cluster ? { cluster } : {}),
    ...(enrolment ? { enrolment } : {}),
    ...(options.public ? { publicUrl: options.public } : {}),
    tls: { ...tls, certificates },
    cpeAuth: options.cpeAuth,
    enrol: options.enrol,
    rebootstrap: options.rebootstrap,
    maxParameters: options.maxParameters,
    trustedProxies: options.trustedProxy,
    pages: operatorPages(),
    proxyProtocol: options.proxyProtocol,
    connectionRequestAllow: options.connectionRequestAllow,
    webhookAllow: options.webhookAllow,
    limits: {
      running: Math.ceil(options.maxSessions / share),
      waiting: Math.ceil(options.maxWaiting / share),
      perAddress: options.maxUnproved,
    },
    ...(options.auditSyslog ? { auditSyslog: hostPortOf(options.auditSyslog) } : {}),
    keepDays: { tasks: options.keepTasks, audit: options.keepAudit },
  };
}

/** The workers of this process, which the ACS starts after everything else. */
function workersOf(
  { options, clock, random, log, cwmp }: Settings,
  relay: Relay | undefined,
  certificates: CertificatePair[],
): AcsSetup['workers'] {
  if (!relay || options.workers === 0) return undefined;
  let running: Workers | undefined;
  const metrics = new WorkerMetrics(relay, () => running?.members() ?? []);
  const given = { count: options.workers, cwmp: cwmp.map(String), clock, random, log, relay, certificates };
  return {
    start: async fleet => {
      const ended = async (member: string): Promise<void> => {
        metrics.ended(member);
        await fleet.members.ended(member);
      };
      running = await startWorkers({ ...given, ended });
      return running.cwmp;
    },
    metrics: async () => await metrics.others(),
    renew: certificates => running?.renew(certificates),
    stop: async () => await running?.stop(),
  };
}

/** Adds a step that follows the closing of the ACS. */
function afterClose(acs: Acs, step: (() => Promise<void> | void) | undefined): void {
  const { close } = acs;
  acs.close = async () => {
    await close();
    await step?.();
  };
}

async function tlsSettings(options: AcsOptions): Promise<Omit<AcsSetup['tls'], 'certificates'>> {
  const { tlsCiphers: ciphers, clientCa } = options;
  if (ciphers) checkTls(`--tls-ciphers ${ciphers}`, { ciphers });
  const ca = clientCa ? await fileText('--client-ca', clientCa) : undefined;
  if (ca !== undefined) {
    if (!ca.includes('-----BEGIN CERTIFICATE-----'))
      throw new UsageError(`--client-ca: ${clientCa}: contains no PEM certificate`);
    checkTls(`--client-ca ${clientCa}`, { ca });
  }
  return {
    minVersion: options.tlsMin as SecureVersion,
    ...(ciphers ? { ciphers } : {}),
    ...(ca === undefined ? {} : { clientCa: ca }),
  };
}

async function stunSettings(stun: string, secret: string | undefined): Promise<NonNullable<AcsSetup['stun']>> {
  return {
    ...hostPortOf(stun),
    ...(secret ? { login: await loginIn('--stun-secret', secret) } : {}),
  };
}

function refuseWeak(options: AcsOptions, api: URL): void {
  if (api.protocol === 'http:' && !isLoopbackHost(api.hostname) && !options.apiPlain) {
    throw new UsageError(`--api: ${options.api} would send tokens unencrypted; use https:// or add --api-plain`);
  }
  checkStoreOptions(options);
  if (options.stunSecret && !options.stun) throw new UsageError('--stun-secret: needs --stun');
  if (options.cert.length !== options.key.length) {
    throw new UsageError(
      `--cert and --key must be given in pairs: ${options.cert.length} certificates, ${options.key.length} keys`,
    );
  }
}

/** Options that are weaker than the defaults. */
function weaknesses(options: AcsOptions, cwmp: URL[]): string[] {
  return [
    ...cwmp.filter(url => url.protocol === 'http:').map(url => `CWMP without TLS on ${url.host}`),
    ...(options.cpeAuth === 'none' ? ['CPEs are not authenticated'] : []),
    ...(options.enrol === 'auto' ? ['unknown CPEs are enrolled without approval'] : []),
    ...(options.enrol === 'auto' && options.rebootstrap === 'allow'
      ? ['the enrolment credential takes over any device that reports 0 BOOTSTRAP']
      : []),
    ...(options.wire
      ? [`all envelopes are written to files${options.wireSecrets ? ', including passwords' : ''}`]
      : []),
    ...(options.apiPlain ? ['the API without TLS on other addresses than loopback'] : []),
    ...(['TLSv1', 'TLSv1.1'].includes(options.tlsMin) ? [`TLS versions down to ${options.tlsMin}`] : []),
  ];
}

async function loginIn(option: string, path: string): Promise<{ username: string; password: string }> {
  const text = (await fileText(option, path)).trim();
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1 || text.includes('\n'))
    throw new UsageError(`${option}: ${path}: must contain one line USERNAME:PASSWORD`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
