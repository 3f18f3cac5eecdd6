// `pbx serve`: accounts and certificate from files or made here, then the server and its control socket.
import { mkdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';
import type { Clock, Random } from '../shared/clock.ts';
import { type OptionValues, UsageError } from '../shared/config.ts';
import { serveControl } from '../shared/control/server.ts';
import { messageOf, UserError } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { readCertificates } from '../shared/pki/certificates.ts';
import { openKeyLog } from '../shared/tls/keylog.ts';
import { startPbx, wildcard } from './app.ts';
import { ownCertificate } from './certificate.ts';
import { runCommand } from './cli.ts';
import type { serveOptions } from './options.ts';
import type { ClientCertificates } from './sip/client-certificates.ts';

type ServeOptions = OptionValues<typeof serveOptions>;

interface ServeEnvironment {
  clock: Clock;
  random: Random;
  log: Log;
}

/** Starts the server and logs `ready`. Returns the function that stops it. */
export async function serve(options: ServeOptions, env: ServeEnvironment): Promise<() => Promise<void>> {
  const { host, data } = options;
  const addresses = wildcard(host) ? ownAddresses() : [host];
  const domain = options.domain ?? addresses[0] ?? host;
  if ((options.cert === undefined) !== (options.key === undefined))
    throw new UsageError('--cert and --key go together');
  const users = await readUsers(options);
  await mkdir(data, { recursive: true, mode: 0o700 });
  const { cert, key } = await certificate(options, [domain, ...addresses], env);
  if (options.port !== undefined) env.log.warn('unprotected SIP enabled', { port: options.port });
  if (users.length === 0) env.log.warn('no accounts configured');
  const keylog = options.keylog === undefined ? undefined : openKeyLog(options.keylog, env.log);
  const pbx = await startPbx({
    ...env,
    keylog: keylog?.write,
    host,
    addresses,
    tlsPort: options.tlsPort,
    ...(options.port === undefined ? {} : { port: options.port }),
    cert,
    key,
    domain,
    users,
    idleSeconds: options.idle,
    tls: {
      minVersion: options.tlsMin as SecureVersion,
      maxVersion: options.tlsMax as SecureVersion,
      ...(options.tlsCiphers === undefined ? {} : { ciphers: options.tlsCiphers }),
    },
    clients: await clientCertificates(options),
    algorithms: options.digest === 'both' ? ['SHA-256', 'MD5'] : [options.digest],
  }).catch((error: unknown) => {
    throw inUse(error) ?? error;
  });
  const path = options.control ?? join(data, 'control.sock');
  const closeControl = await serveControl({
    path,
    run: ({ command, args }) => runCommand(pbx, command, args),
    log: env.log,
  }).catch(async (error: unknown) => {
    await pbx.stop();
    throw error;
  });
  const listening = Object.entries(pbx.ports).map(([protocol, port]) => [protocol, `${host}:${port}`]);
  env.log.info('ready', { ...Object.fromEntries(listening), domain, users: users.length, control: path });
  return async () => {
    await closeControl();
    await pbx.stop();
    keylog?.close();
  };
}

function inUse(error: unknown): UserError | undefined {
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  if (code !== 'EADDRINUSE') return undefined;
  return new UserError(409, 'in-use', `${address}:${port}: another program listens there already`);
}

/** Addresses of this host, those that others reach first. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap(list => list ?? []);
  return all.toSorted((a, b) => Number(a.internal) - Number(b.internal)).map(one => one.address);
}

async function readText(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--${option}: ${messageOf(error)}`);
  }
}

async function readUsers(options: ServeOptions): Promise<{ user: string; password: string }[]> {
  const lines = options.users === undefined ? [] : (await readText('users', options.users)).split(/\r?\n/);
  const wanted = lines.map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#'));
  return [...wanted, ...options.user].map((line, at) => {
    const colon = line.indexOf(':');
    if (colon < 1 || colon === line.length - 1) throw new UsageError(`--users: entry ${at + 1} is not NAME:PASSWORD`);
    return { user: line.slice(0, colon), password: line.slice(colon + 1) };
  });
}

async function clientCertificates({
  clientCa,
  requireClientCert,
}: ServeOptions): Promise<ClientCertificates | undefined> {
  if (clientCa === undefined) {
    if (requireClientCert) throw new UsageError('--require-client-cert needs --client-ca');
    return undefined;
  }
  const pem = await readText('client-ca', clientCa);
  try {
    return { roots: readCertificates(pem), areRequired: requireClientCert };
  } catch (error) {
    throw new UsageError(`--client-ca: ${messageOf(error)}`);
  }
}

async function certificate(
  { cert, key, data }: ServeOptions,
  names: readonly string[],
  env: ServeEnvironment,
): Promise<{ cert: string; key: string }> {
  if (cert === undefined || key === undefined) return await ownCertificate(data, names, env);
  return { cert: await readText('cert', cert), key: await readText('key', key) };
}
