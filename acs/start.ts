// From options to a running ACS: the data directory, keys and certificates, the store.
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';
import { type Clock, type Random, systemClock, systemRandom } from '../shared/clock.ts';
import { UsageError } from '../shared/config.ts';
import { createLog, type Log } from '../shared/log.ts';
import { type Acs, type AcsSetup, startAcs } from './app.ts';
import { checkTls, fileText, givenPairs, ownPairs, watchCertificates } from './certificates.ts';
import type { AcsOptions } from './config.ts';
import { type DataDirectory, openData } from './data.ts';
import { memberId } from './fleet/members.ts';
import type { Place } from './relay/together.ts';
import { openSqlite } from './store/sqlite.ts';
import type { Store } from './store/store.ts';
import { openWire } from './wire.ts';

export interface Started {
  acs: Acs;
  log: Log;
  adminToken: string;
  /** PEM of the CA that the server's own certificates come from: what gateways must trust. */
  ca: string | undefined;
}

export interface Surroundings {
  adminToken?: string | undefined;
  pretty: boolean;
  write: (line: string) => void;
  clock?: Clock;
  random?: Random;
}

export const DEFAULT_CWMP = 'https://0.0.0.0:7547';

/**
 * @throws UsageError for options that contradict each other or files that cannot be read
 * @throws UserError for a data directory, a store or an address that cannot serve; nothing stays open then
 */
export async function start(options: AcsOptions, around: Surroundings): Promise<Started> {
  const clock = around.clock ?? systemClock();
  const random = around.random ?? systemRandom();
  const log = createLog({ clock, level: options.logLevel, write: around.write, pretty: around.pretty });
  const cwmp = (options.cwmp.length ? options.cwmp : [DEFAULT_CWMP]).map(text => new URL(text));
  const api = new URL(options.api);
  refuseWeak(options, api);
  const pairs = await givenPairs(options);
  const given = {
    tls: await tlsSettings(options),
    ...(options.enrolSecret ? { enrolment: await loginIn('--enrol-secret', options.enrolSecret) } : {}),
    ...(options.stun ? { stun: await stunSettings(options.stun, options.stunSecret) } : {}),
  };

  const wire = options.wire ? await openWire(options.wire, log) : undefined;
  const data = await openData(options.data, clock, random, options.serverKey);
  const admin = around.adminToken ? { token: around.adminToken } : await data.adminToken();
  const needsTls = [...cwmp, api].some(url => url.protocol === 'https:');
  const authority = needsTls && options.cert.length === 0 ? await data.authority() : undefined;
  const hosts = [...(options.public ? [new URL(options.public)] : []), ...cwmp, api].map(url => url.hostname);
  const issue = authority && (async () => await ownPairs(authority, hosts));
  const certificates = issue ? await issue() : pairs;

  const shared = await sharing(options, data, random);
  const acs = await startAcs({
    ...given,
    ...shared.place,
    clock,
    random,
    log,
    store: await openStore(options, clock, random),
    serverKey: data.serverKey,
    adminToken: admin.token,
    cwmp: cwmp.map(url => ({ url })),
    api,
    ...(options.public ? { publicUrl: options.public } : {}),
    tls: { ...given.tls, certificates },
    cpeAuth: options.cpeAuth,
    enrol: options.enrol,
    trustedProxies: options.trustedProxy,
    connectionRequestAllow: options.connectionRequestAllow,
    webhookAllow: options.webhookAllow,
    limits: { running: options.maxSessions, waiting: options.maxWaiting },
    keepDays: { tasks: options.keepTasks, audit: options.keepAudit },
    ...(wire ? { wire: wire.tap } : {}),
  });
  afterClose(acs, wire?.done);
  afterClose(acs, shared.unlock);
  if (needsTls) {
    const renew = acs.renewCertificates;
    const stopWatch = watchCertificates(options, { clock, log, renew }, certificates, issue);
    afterClose(acs, stopWatch);
  }
  for (const weakness of weaknesses(options, cwmp)) log.warn('weaker than shipped', { weakness });
  log.info('ready', {
    cwmp: acs.cwmp,
    api: acs.api,
    ...(acs.stun ? { stun: acs.stun } : {}),
    data: options.data,
    ...('file' in admin ? { admin: admin.file } : {}),
    ...(authority ? { ca: data.caFile } : {}),
  });
  return { acs, log, adminToken: admin.token, ca: authority?.root };
}

/** On a store that several processes may serve: which of them this is. @throws UsageError */
async function sharing(
  options: AcsOptions,
  data: DataDirectory,
  random: Random,
): Promise<{ place?: { together: Place }; unlock?: () => void }> {
  if (!isMongo(options)) return {};
  const relay = options.relay === undefined ? undefined : hostPortOf(options.relay);
  if (relay && /^(0\.0\.0\.0|::|)$/.test(relay.host))
    throw new UsageError(`--relay: ${options.relay}: must be an address by which the other servers reach this one`);
  const unlock = data.lock();
  const self = memberId(await data.node(), random);
  return { place: { together: { self, ...(relay ? { relay } : {}), first: true } }, unlock };
}

const isMongo = (options: AcsOptions): options is AcsOptions & { store: string } =>
  options.store?.startsWith('mongodb') ?? false;

const hostPortOf = (text: string): { host: string; port: number } => {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
};

async function openStore(options: AcsOptions, clock: Clock, random: Random): Promise<Store> {
  if (!isMongo(options)) {
    const { store, data } = options;
    return await openSqlite({ file: store?.slice('sqlite:'.length) ?? join(data, 'tandem.db'), clock });
  }
  // On use: who keeps all in one file has no need of the driver.
  const { openMongo } = await import('./store/mongo.ts');
  return await openMongo({ url: options.store, clock, random });
}

/** Something that is still to be done when the ACS has closed. */
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
      throw new UsageError(`--client-ca: ${clientCa}: holds no certificate in PEM`);
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
  const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(api.hostname);
  if (api.protocol === 'http:' && !loopback && !options.apiPlain) {
    throw new UsageError(`--api: ${options.api} would show tokens in clear; use https:// or add --api-plain`);
  }
  if (options.relay && !isMongo(options))
    throw new UsageError('--relay: only servers of one --store mongodb://… have a use for it');
  if (options.stunSecret && !options.stun) throw new UsageError('--stun-secret: there is no --stun');
  if (options.cert.length !== options.key.length) {
    throw new UsageError(
      `--cert and --key go in pairs: ${options.cert.length} certificates, ${options.key.length} keys`,
    );
  }
}

/** What was asked for by name and is weaker than the defaults. */
function weaknesses(options: AcsOptions, cwmp: URL[]): string[] {
  return [
    ...cwmp.filter(url => url.protocol === 'http:').map(url => `CWMP in clear on ${url.host}`),
    ...(options.cpeAuth === 'none' ? ['CPEs are not authenticated'] : []),
    ...(options.enrol === 'auto' ? ['unknown CPEs are enrolled without approval'] : []),
    ...(options.wire ? ['every envelope is written to files, with the passwords in it'] : []),
    ...(options.apiPlain ? ['the API is in clear beyond loopback'] : []),
    ...(['TLSv1', 'TLSv1.1'].includes(options.tlsMin) ? [`TLS down to ${options.tlsMin}`] : []),
  ];
}

async function loginIn(option: string, path: string): Promise<{ username: string; password: string }> {
  const text = (await fileText(option, path)).trim();
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1 || text.includes('\n'))
    throw new UsageError(`${option}: ${path}: must hold one line USERNAME:PASSWORD`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
