// `pbx serve`: accounts and certificate from files or made here, then the server and its control socket.
import type { X509Certificate } from 'node:crypto';
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
import { type Pbx, type PbxOptions, startPbx } from './app.ts';
import { ownCertificate } from './certificate.ts';
import { runCommand } from './cli.ts';
import { Exchange } from './exchange/exchange.ts';
import type { GatekeeperPorts } from './gatekeeper.ts';
import type { Shell } from './mdsh/shell.ts';
import type { serveOptions } from './options.ts';
import { licenseChanges, readLicense, VOIP_SECURITY } from './policy/licenses.ts';
import { builtInProducts, type ProductRow, readProducts } from './policy/products.ts';
import type { ClientCertificates } from './sip/client-certificates.ts';
import { wildcard } from './sip/server-names.ts';
import { startWebServices } from './web-services.ts';

/** Unprotected SIP by custom. */
const PLAIN_PORT = 5060;

type ServeOptions = OptionValues<typeof serveOptions>;

interface ServeEnvironment {
  clock: Clock;
  random: Random;
  log: Log;
}

type Closer = () => Promise<void> | void;

/** Starts the server and logs `ready`. Returns the function that stops it. */
export async function serve(options: ServeOptions, env: ServeEnvironment): Promise<() => Promise<void>> {
  const closers: Closer[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    await start(options, env, close => void closers.push(close));
    return stop;
  } catch (error) {
    await stop();
    throw inUse(error) ?? error;
  }
}

/** @param onStop takes the steps that undo those of the start; they are done in reverse */
async function start(options: ServeOptions, env: ServeEnvironment, onStop: (close: Closer) => void): Promise<void> {
  const { host, data } = options;
  if ((options.cert === undefined) !== (options.key === undefined))
    throw new UsageError('--cert and --key go together');
  checkManager(options);
  const users = await readUsers(options);
  const products = await readProductFile(options);
  const clients = await clientCertificates(options);
  const routeRoots = options.routeCa === undefined ? [] : await readAuthorities('route-ca', options.routeCa);
  await mkdir(data, { recursive: true, mode: 0o700 });
  const addresses = wildcard(host) ? ownAddresses() : [host];
  const domain = options.domain ?? addresses[0] ?? host;
  const { cert, key } = await certificate(options, [domain, ...addresses], env);
  const port = options.port ?? (options.mxOne ? PLAIN_PORT : undefined);
  if (port !== undefined) env.log.warn('unprotected SIP enabled', { port });
  if (users.length === 0 && !options.mxOne) env.log.warn('no accounts configured');
  // The control sockets come first: they show whether another server holds this data.
  let running: { pbx: Pbx; shell: ExchangeShell } | undefined;
  onStop(
    await serveControls(options, env.log, request => {
      if (!running) throw new UserError(503, 'starting', 'the server is starting');
      const { pbx, shell } = running;
      return request.command === 'mdsh' ? shell.control(request) : runCommand(pbx, request.command, request.args);
    }),
  );
  const exchange = await openExchange(options, env.log);
  onStop(() => exchange.close());
  const keylog = options.keylog === undefined ? undefined : openKeyLog(options.keylog, env.log);
  onStop(() => keylog?.close());
  let pbx = await startPbx({
    ...env,
    keylog: keylog?.write,
    host,
    addresses,
    tlsPort: options.tlsPort,
    ...(port === undefined ? {} : { port }),
    cert,
    key,
    domain,
    users,
    exchange,
    products,
    routeRoots,
    idleSeconds: options.idle,
    tls: tlsVersions(options),
    clients,
    algorithms: options.digest === 'both' ? ['SHA-256', 'MD5'] : [options.digest],
  });
  onStop(() => pbx.stop());
  const h323 = h323Ports(options);
  if (h323) {
    const { withGatekeeper } = await import('./gatekeeper.ts');
    const secured = { tls: tlsVersions(options), cert, key, clients, routeRoots };
    pbx = await withGatekeeper(pbx, { ...env, ...h323, ...secured, keylog: keylog?.write, host, addresses });
    if (h323.rasPort !== undefined) env.log.warn('unprotected H.323 enabled', { port: h323.rasPort });
  }
  const shell = shellOf(pbx, data, env);
  const tls = { cert, key, tls: tlsVersions(options) };
  const web = await startWebServices({ ...env, options, pbx, run: shell.run, tls, onStop });
  running = { pbx, shell };
  const listening = Object.entries(pbx.ports).map(([protocol, at]) => [protocol, `${host}:${at}`]);
  env.log.info('ready', {
    ...Object.fromEntries(listening),
    ...web,
    domain,
    users: users.length,
    control: controlPath(options),
  });
}

/** Ports for H.323 terminals by custom. */
const H323 = { ras: 1719, calls: 1720, tls: 3727 };

/** @returns undefined where there is no gatekeeper */
function h323Ports({ h323, h323Calls, h323Tls, mxOne }: ServeOptions): GatekeeperPorts | undefined {
  const rasPort = h323 ?? (mxOne ? H323.ras : undefined);
  const byCustom = rasPort === 0 ? 0 : H323.calls;
  const callPort = h323Calls ?? (rasPort === undefined ? undefined : byCustom);
  const tlsPort = h323Tls ?? (mxOne ? H323.tls : undefined);
  return rasPort === undefined && callPort === undefined && tlsPort === undefined
    ? undefined
    : { rasPort, callPort, tlsPort };
}

const tlsVersions = ({ tlsMin, tlsMax, tlsCiphers }: ServeOptions): NonNullable<PbxOptions['tls']> => ({
  minVersion: tlsMin as SecureVersion,
  maxVersion: tlsMax as SecureVersion,
  ...(tlsCiphers === undefined ? {} : { ciphers: tlsCiphers }),
});

/** The data in DATA, with the licences of the options. */
async function openExchange({ data, license, mxOne }: ServeOptions, log: Log): Promise<Exchange> {
  const exchange = await Exchange.open({ folder: data, log });
  const given = [...(mxOne ? [VOIP_SECURITY] : []), ...license].map(readLicense);
  await exchange.commit(licenseChanges(exchange, given));
  if (given.length > 0) log.info('licences given', { tags: given.map(({ tag }) => tag), byMxOne: mxOne });
  return exchange;
}

/** Characters of the manager's password, at least. */
const MIN_PASSWORD = 8;

function checkManager({ manager, managerPassword = '' }: ServeOptions): void {
  if (manager === undefined) return;
  if (managerPassword === '')
    throw new UsageError('--manager needs a password: TANDEM_PBX_MANAGER_PASSWORD or --manager-password');
  if (managerPassword.length < MIN_PASSWORD)
    throw new UsageError(`--manager-password: at least ${MIN_PASSWORD} characters`);
}

async function readProductFile({ products }: ServeOptions): Promise<readonly ProductRow[]> {
  if (products === undefined) return builtInProducts;
  try {
    return readProducts(await readText('products', products));
  } catch (error) {
    if (error instanceof UserError) throw new UsageError(`--products: ${error.message}`);
    throw error;
  }
}

/** The shell, over the control socket and for the manager; it is loaded with its first command. */
function shellOf(pbx: Pbx, data: string, { clock, log }: ServeEnvironment): ExchangeShell {
  const context = { exchange: pbx.exchange, sources: () => pbx.sources, backups: join(data, 'backups'), clock, log };
  const load = async () => {
    const [{ Shell }, { shellControl }] = await Promise.all([import('./mdsh/shell.ts'), import('./mdsh/control.ts')]);
    const shell = new Shell(context);
    return { shell, control: shellControl(context, shell) };
  };
  let loaded: ReturnType<typeof load> | undefined;
  const opened = (): ReturnType<typeof load> => {
    loaded ??= load();
    return loaded;
  };
  return {
    control: async request => await (await opened()).control(request),
    run: async (request, write) => await (await opened()).shell.run(request, write),
  };
}

interface ExchangeShell {
  control(request: ControlRequest): Promise<unknown>;
  run: Shell['run'];
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
  return { roots: await readAuthorities('client-ca', clientCa), areRequired: requireClientCert };
}

async function readAuthorities(option: string, file: string): Promise<X509Certificate[]> {
  const pem = await readText(option, file);
  try {
    return readCertificates(pem);
  } catch (error) {
    throw new UsageError(`--${option}: ${messageOf(error)}`);
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
