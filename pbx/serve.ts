// `pbx serve`: accounts and certificate from files or made here, then the server and its control socket.
import { mkdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';
import type { Clock, Random } from '../shared/clock.ts';
import { type OptionValues, UsageError } from '../shared/config.ts';
import { type ControlRequest, serveControl } from '../shared/control/server.ts';
import { messageOf, UserError } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { readCertificates } from '../shared/pki/certificates.ts';
import { openKeyLog } from '../shared/tls/keylog.ts';
import { type Pbx, startPbx, wildcard } from './app.ts';
import { ownCertificate } from './certificate.ts';
import { runCommand } from './cli.ts';
import { Exchange } from './exchange/exchange.ts';
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
  // The control sockets come first: they show whether another server holds this data.
  let running: Running | undefined;
  const closeControls = await serveControls(options, env.log, request => {
    if (!running) throw new UserError(503, 'starting', 'the server is starting');
    return request.command === 'mdsh' ? running.shell(request) : runCommand(running.pbx, request.command, request.args);
  });
  try {
    running = await run({ ...options, domain }, { addresses, users, cert, key }, env);
  } catch (error) {
    await closeControls();
    throw inUse(error) ?? error;
  }
  const { pbx, stop } = running;
  const listening = Object.entries(pbx.ports).map(([protocol, port]) => [protocol, `${host}:${port}`]);
  const control = controlPath(options);
  env.log.info('ready', { ...Object.fromEntries(listening), domain, users: users.length, control });
  return async () => {
    await closeControls();
    await stop();
  };
}

interface Running {
  pbx: Pbx;
  shell: (request: ControlRequest) => Promise<unknown>;
  stop(): Promise<void>;
}

interface Prepared {
  addresses: string[];
  users: { user: string; password: string }[];
  cert: string;
  key: string;
}

/** Opens the exchange's data and starts the server on it. */
async function run(
  options: ServeOptions & { domain: string },
  { addresses, users, cert, key }: Prepared,
  env: ServeEnvironment,
): Promise<Running> {
  const exchange = await Exchange.open({ folder: options.data, log: env.log });
  const keylog = options.keylog === undefined ? undefined : openKeyLog(options.keylog, env.log);
  const close = async (): Promise<void> => {
    keylog?.close();
    await exchange.close();
  };
  try {
    const pbx = await startPbx({
      ...env,
      keylog: keylog?.write,
      host: options.host,
      addresses,
      tlsPort: options.tlsPort,
      ...(options.port === undefined ? {} : { port: options.port }),
      cert,
      key,
      domain: options.domain,
      users,
      idleSeconds: options.idle,
      tls: {
        minVersion: options.tlsMin as SecureVersion,
        maxVersion: options.tlsMax as SecureVersion,
        ...(options.tlsCiphers === undefined ? {} : { ciphers: options.tlsCiphers }),
      },
      clients: await clientCertificates(options),
      algorithms: options.digest === 'both' ? ['SHA-256', 'MD5'] : [options.digest],
    });
    const stop = async (): Promise<void> => {
      await pbx.stop();
      await close();
    };
    return { pbx, shell: shellOf(pbx, exchange, options.data, env), stop };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The shell, which is loaded with its first command. */
function shellOf(pbx: Pbx, exchange: Exchange, data: string, { clock, log }: ServeEnvironment): Running['shell'] {
  const context = { exchange, sources: () => pbx.sources, backups: join(data, 'backups'), clock, log };
  let shell: Promise<Running['shell']> | undefined;
  return async request => {
    shell ??= import('./mdsh/control.ts').then(({ shellControl }) => shellControl(context));
    return await (await shell)(request);
  };
}

const controlPath = ({ control, data }: ServeOptions): string => control ?? join(data, 'control.sock');

/** The socket of the data directory, which no second server can serve, and the one that was asked for. */
async function serveControls(
  options: ServeOptions,
  log: Log,
  run: (request: ControlRequest) => unknown,
): Promise<() => Promise<void>> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing) await one();
  };
  try {
    for (const path of new Set([join(options.data, 'control.sock'), controlPath(options)]))
      closing.push(await serveControl({ path, run, log }));
  } catch (error) {
    await close();
    throw error;
  }
  return close;
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
