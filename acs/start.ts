// From options to a running ACS: the data directory, keys and certificates, the store.
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';
import { type Clock, type Random, systemClock, systemRandom } from '../shared/clock.ts';
import { UsageError } from '../shared/config.ts';
import { messageOf } from '../shared/errors.ts';
import { createLog, type Log } from '../shared/log.ts';
import { type Authority, createCa, loadAuthority } from '../shared/pki/authority.ts';
import { type Acs, startAcs } from './app.ts';
import type { AcsOptions } from './config.ts';
import type { ListenTls } from './south/listener.ts';
import { openSqlite } from './store/sqlite.ts';

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

/** How often certificate files are looked at for a change. */
const WATCH_MS = 10_000;
const DEFAULT_CWMP = 'https://0.0.0.0:7547';

/** @throws UsageError for options that contradict each other or files that cannot be read */
export async function start(options: AcsOptions, around: Surroundings): Promise<Started> {
  const clock = around.clock ?? systemClock();
  const random = around.random ?? systemRandom();
  const log = createLog({ clock, level: options.logLevel, write: around.write, pretty: around.pretty });
  const cwmp = (options.cwmp.length ? options.cwmp : [DEFAULT_CWMP]).map(text => new URL(text));
  const api = new URL(options.api);
  refuseWeak(options, api);

  await mkdir(join(options.data, 'pki'), { recursive: true, mode: 0o700 });
  const serverKey = Buffer.from(
    await secretFile(join(options.data, 'server-key'), () => random.bytes(32).toString('hex')),
    'hex',
  );
  const adminToken =
    around.adminToken ||
    (await secretFile(join(options.data, 'admin-token'), () => random.bytes(24).toString('base64url')));
  const needsTls = cwmp.some(url => url.protocol === 'https:') || api.protocol === 'https:';
  const own = needsTls && options.cert.length === 0 ? await ownCertificates(options, cwmp, clock, random) : undefined;
  const certificates = own?.certificates ?? (await readPairs(options));
  const store = await openSqlite({
    file: options.store?.slice('sqlite:'.length) ?? join(options.data, 'tandem.db'),
    clock,
  });

  const acs = await startAcs({
    clock,
    random,
    log,
    store,
    serverKey,
    adminToken,
    cwmp: cwmp.map(url => ({ url })),
    api,
    ...(options.public ? { publicUrl: options.public } : {}),
    tls: {
      certificates,
      minVersion: options.tlsMin as SecureVersion,
      ...(options.tlsCiphers ? { ciphers: options.tlsCiphers } : {}),
      ...(options.clientCa ? { clientCa: await fileText('--client-ca', options.clientCa) } : {}),
    },
    cpeAuth: options.cpeAuth,
    enrol: options.enrol,
    ...(options.enrolSecret ? { enrolment: await enrolment(options.enrolSecret) } : {}),
    trustedProxies: options.trustedProxy,
    connectionRequestAllow: options.connectionRequestAllow,
    ...(api.protocol === 'https:' && certificates[0] ? { apiTls: certificates[0] } : {}),
  });
  const stopWatch = own ? undefined : watchCertificates(options, clock, log, acs);
  const close = acs.close;
  acs.close = async () => {
    stopWatch?.();
    await close();
  };
  for (const weakness of weaknesses(options, cwmp)) log.warn('weaker than shipped', { weakness });
  log.info('ready', {
    cwmp: acs.cwmp,
    api: acs.api,
    data: options.data,
    ...(own ? { ca: join(options.data, 'pki', 'ca.pem') } : {}),
  });
  return { acs, log, adminToken, ca: own?.ca };
}

function refuseWeak(options: AcsOptions, api: URL): void {
  const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(api.hostname);
  if (api.protocol === 'http:' && !loopback && !options.apiPlain) {
    throw new UsageError(`--api: ${api.href} would show tokens in clear; use https:// or add --api-plain`);
  }
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
    ...(options.apiPlain ? ['the API is in clear beyond loopback'] : []),
    ...(['TLSv1', 'TLSv1.1'].includes(options.tlsMin) ? [`TLS down to ${options.tlsMin}`] : []),
  ];
}

/** Reads a secret, or makes it once: written whole, synced, readable by the owner alone. */
async function secretFile(path: string, make: () => string): Promise<string> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    if (text) return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new UsageError(`${path}: ${messageOf(error)}`);
  }
  const text = make();
  await writeWhole(path, `${text}\n`);
  return text;
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

async function fileText(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${option}: ${path}: ${messageOf(error)}`);
  }
}

async function enrolment(path: string): Promise<{ username: string; password: string }> {
  const text = (await fileText('--enrol-secret', path)).trim();
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1 || text.includes('\n'))
    throw new UsageError(`--enrol-secret: ${path}: must hold one line USERNAME:PASSWORD`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function readPairs(options: AcsOptions): Promise<ListenTls['certificates']> {
  return await Promise.all(
    options.cert.map(async (cert, index) => ({
      cert: await fileText('--cert', cert),
      key: await fileText('--key', options.key[index] ?? ''),
    })),
  );
}

/** Own CA in DATA/pki, made once; server certificates from it, RSA and EC, for all names by which this host may be called. */
async function ownCertificates(
  options: AcsOptions,
  cwmp: URL[],
  clock: Clock,
  random: Random,
): Promise<{ ca: string; certificates: ListenTls['certificates'] }> {
  const authority = await ownAuthority(join(options.data, 'pki'), clock, random);
  const { dns, ips } = namesOf(options, cwmp);
  const commonName = dns[0] ?? ips[0] ?? 'localhost';
  const certificates = await Promise.all(
    (['rsa', 'ec'] as const).map(async key => {
      const issued = await authority.issue({ commonName, dns, ips, usage: ['server'], key });
      return { cert: issued.chain, key: issued.key };
    }),
  );
  return { ca: authority.root, certificates };
}

async function ownAuthority(directory: string, clock: Clock, random: Random): Promise<Authority> {
  const paths = { cert: join(directory, 'ca.pem'), key: join(directory, 'ca.key') };
  const exists = await stat(paths.key).then(
    () => true,
    () => false, // Not there yet, or not readable: then reading or writing it says so.
  );
  if (exists)
    return loadAuthority(
      { cert: await fileText('CA', paths.cert), key: await fileText('CA', paths.key) },
      { clock, random },
    );
  // RSA: no DGW suite has ECDSA, and older gateways verify nothing else.
  const authority = await createCa({
    name: `Tandem ACS ${random.bytes(4).toString('hex')}`,
    key: 'rsa',
    clock,
    random,
  });
  await writeWhole(paths.cert, authority.cert);
  await writeWhole(paths.key, authority.key);
  return authority;
}

function namesOf(options: AcsOptions, cwmp: URL[]): { dns: string[]; ips: string[] } {
  const hosts = [
    ...(options.public ? [new URL(options.public).hostname] : []),
    ...cwmp.map(url => url.hostname),
    'localhost',
    '127.0.0.1',
    '::1',
  ];
  if (hosts.some(host => host === '0.0.0.0' || host === '[::]')) {
    for (const addresses of Object.values(networkInterfaces()))
      hosts.push(...(addresses ?? []).map(entry => entry.address));
  }
  const bare = [...new Set(hosts.map(host => host.replace(/^\[|\]$|%.*$/g, '')))].filter(
    host => host !== '0.0.0.0' && host !== '::',
  );
  return { dns: bare.filter(host => !isIP(host)), ips: bare.filter(host => isIP(host)) };
}

/** Certificates given by file are taken up anew when the files change. */
function watchCertificates(options: AcsOptions, clock: Clock, log: Log, acs: Acs): () => void {
  if (options.cert.length === 0) return () => undefined;
  const digest = (pairs: ListenTls['certificates']): string =>
    createHash('sha256').update(JSON.stringify(pairs)).digest('hex');
  const stop = new AbortController();
  const watch = async (): Promise<void> => {
    let known = digest(await readPairs(options));
    for (;;) {
      await clock.sleep(WATCH_MS, stop.signal);
      try {
        const pairs = await readPairs(options);
        if (digest(pairs) === known) continue;
        acs.renewCertificates(pairs);
        known = digest(pairs);
        log.info('certificates renewed', { files: options.cert });
      } catch (error) {
        // Half-written or gone: the old ones go on serving, and the next look may find them whole.
        log.warn('certificates not renewed', { reason: messageOf(error) });
      }
    }
  };
  watch().catch(error => {
    if (!stop.signal.aborted) log.error('certificate watch ended', { error });
  });
  return () => stop.abort();
}
