// All that the story of MX-ONE needs, up on loopback: the ACS, the exchange as `npm run pbx -- serve` runs it, a gateway that has never
// been switched on, and telephones.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import type { Started } from '../../../acs/server/start.ts';
import { createGateway, type Gateway } from '../../../cpe/gateway.ts';
import { serveOptions } from '../../../pbx/options.ts';
import { serve } from '../../../pbx/serve.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { readOptions } from '../../../shared/config.ts';
import { askControl } from '../../../shared/control/client.ts';
import { decodeEnvelope, type Envelope } from '../../../shared/cwmp/soap.ts';
import { createLog, silentLog } from '../../../shared/log.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { type Softphone, startSoftphone } from '../../support/cpe/softphone.ts';
import { type Api, apiOf, enrolment, startTheAcs } from '../servers.ts';
import { product } from '../world.ts';

const host = '127.0.0.1';
export const domain = 'mx-one.test';
/** Media ports of a gateway begin at a random multiple. */
const FIRST_MEDIA_PORT = 10_000;
const MEDIA_PORTS = 40;

export interface Registration {
  user: string;
  protocol: string;
  port: number;
  userAgent?: string;
  terminal: string;
  signalling: string;
  row: string;
  tls?: { version: string; cipher: string };
}

export interface Refusal {
  time: string;
  what: string;
  dir: string;
  row: string;
  reason: string;
  product?: string;
}

/** The exchange, by the commands that an operator has. */
export interface ExchangeDesk {
  ports: { tls: number; udp: number; phones: number };
  /** PEM of the CA that signed its certificate. */
  ca: string;
  /** Carries a line of the shell out. */
  mdsh(line: string): Promise<{ exit: number; lines: string[] }>;
  registrations(dir?: string): Promise<Registration[]>;
  refusals(): Promise<Refusal[]>;
  calls(): Promise<Record<string, unknown>[]>;
  /** A configuration file for telephones. */
  phoneFile(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** A gateway, and its id at the ACS. */
export interface MxOneUnit {
  gateway: Gateway;
  id: string;
  /** Site fields at the ACS, which the presets of examples/presets read. */
  site: Readonly<Record<string, string>>;
  /** CWMP envelopes in order. */
  wire: Envelope[];
}

export interface MxOneWorld {
  exchange: ExchangeDesk;
  api: Api;
  /** Gateway whose lines are extensions, and one that is a trunk. */
  lines: MxOneUnit;
  trunk: MxOneUnit;
  /** A telephone that names itself so; it stays until the end. */
  telephone(dir: string, password: string, way: { userAgent: string; protocol: 'udp' | 'tls' }): Promise<Softphone>;
  addresses(): Promise<[string, string][]>;
  close(): Promise<void>;
}

export async function openMxOneWorld(options: { folder: string; verbose: boolean }): Promise<MxOneWorld> {
  const { folder, verbose } = options;
  const started = await startTheAcs({ folder }, verbose);
  const exchange = await startExchange(join(folder, 'pbx'), verbose);
  const { udp, tls } = exchange.ports;
  const server = { mxOne: host, sipDomain: domain, sipPort: String(udp), sipsPort: String(tls) };
  const ownLines = { ...server, line1: '4100', pinA: '2468', line2: '4101', pinB: '1357' };
  const ownTrunk = { ...server, mxOneTrunk: '4150', trunkPin: '7531', outside: '50123' };
  const lines = await factoryNew(started, options, '0090f8000001', ownLines);
  const trunk = await factoryNew(started, options, '0090f8000002', ownTrunk);
  const phones: Softphone[] = [];
  return {
    exchange,
    api: apiOf(started),
    lines,
    trunk,
    telephone: async (dir, password, { userAgent, protocol }) => {
      const connect = { protocol, host, port: exchange.ports[protocol], localAddress: host };
      const socket = () => tlsSocket(exchange.ports.tls, exchange.ca);
      const phone = await startSoftphone({
        user: dir,
        password,
        domain,
        userAgent,
        connect: protocol === 'tls' ? { ...connect, tlsConnect: socket } : connect,
      });
      phones.push(phone);
      return phone;
    },
    addresses: async () => [
      ['ACS for CPEs', started.acs.cwmp[0] ?? ''],
      ['ACS API', `${started.acs.api}/api/v1   token in ${join(folder, 'acs', 'admin-token')}`],
      ['exchange', `sips:${host}:${exchange.ports.tls}, sip:${host}:${exchange.ports.udp}`],
      ['its shell', `npm run pbx -- mdsh --data ${join(folder, 'pbx')}`],
    ],
    close: async () => {
      await Promise.all(phones.map(phone => phone.stop()));
      await Promise.all([lines.gateway.stop(), trunk.gateway.stop()]);
      await exchange.stop();
      await started.acs.close();
    },
  };
}

function tlsSocket(port: number, ca: string): Promise<ReturnType<typeof tlsConnect>> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host, port, ca });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** The exchange as the program runs it, at free ports. */
async function startExchange(data: string, verbose: boolean): Promise<ExchangeDesk> {
  const clock = systemClock();
  const argv = [
    ...['--data', data, '--domain', domain, '--tls-port', '0', '--port', '0'],
    ...['--phones', '0', '--license', 'VOIP-SECURITY'],
  ];
  let ready: Record<string, unknown> = {};
  const write = (line: string): void => {
    const entry = JSON.parse(line) as Record<string, unknown>;
    if (entry.msg === 'ready') ready = entry;
    if (verbose) process.stderr.write(`${line}\n`);
  };
  const log = createLog({ clock, level: 'info', write });
  const stop = await serve(readOptions(serveOptions, { argv }).values, { clock, random: systemRandom(), log });
  const portOf = (name: string): number => Number(/:(\d+)$/.exec(String(ready[name]))?.[1]);
  const ask = (command: string): Promise<unknown> => askControl(join(data, 'control.sock'), command, [], clock);
  return {
    ports: { tls: portOf('tls'), udp: portOf('udp'), phones: portOf('phones') },
    ca: await readFile(join(data, 'ca.pem'), 'utf8'),
    mdsh: async line => {
      const lines: string[] = [];
      const onProgress = (value: unknown): void => void lines.push(...(value as string[]));
      const answer = await askControl(join(data, 'control.sock'), 'mdsh', [line], clock, { onProgress });
      return { exit: (answer as { exit: number }).exit, lines };
    },
    registrations: async dir => {
      const all = (await ask('registrations')) as Registration[];
      return dir === undefined ? all : all.filter(({ user }) => user === dir);
    },
    refusals: async () => (await ask('refusals')) as Refusal[],
    calls: async () => (await ask('calls')) as Record<string, unknown>[],
    phoneFile: async name => await (await fetch(`http://${host}:${portOf('phones')}/${name}`)).text(),
    stop,
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** A gateway as it leaves the factory of a provider: it knows the ACS and its CA. */
async function factoryNew(
  { acs, ca }: Started,
  { folder, verbose }: { folder: string; verbose: boolean },
  mac: string,
  site: MxOneUnit['site'],
): Promise<MxOneUnit> {
  const clock = systemClock();
  const wire: Envelope[] = [];
  const mediaPort = String(FIRST_MEDIA_PORT + MEDIA_PORTS * systemRandom().int(0, 500));
  const write = (line: string): void => void process.stderr.write(`${line}\n`);
  const log = verbose ? createLog({ clock, level: 'info', write }) : silentLog;
  const gateway = await createGateway({
    model: await builtinModel('dgw'),
    identity: { manufacturer: 'Media5', oui: '0090F8', productClass: product, serialNumber: mac.toUpperCase(), mac },
    stateDir: join(folder, `gateway-${mac}`),
    profile: {
      parameters: {
        'Cwmp.AcsUrlConfigSource': 'Static',
        'Cwmp.AcsStaticUrl': acs.cwmp[0] ?? '',
        'Cwmp.Username': enrolment.username,
        'Cwmp.Password': enrolment.password,
        // Other programs may use the customary ones, and send media to them.
        'SipEp.Gateway[Name=default].Port': String(await freePort()),
        'Mipt.IpTransportRtpBasePort': mediaPort,
        'Mipt.IpTransportSrtpBasePort': mediaPort,
      },
      certificates: ca === undefined ? [] : [ca],
    },
    clockSource: 'host',
    address: host,
    clock,
    random: systemRandom(),
    log: log.child({ program: `gateway ${mac}` }),
    listen: { host, port: 0 },
    wire: (_, xml) => void wire.push(decodeEnvelope(xml)),
  });
  return { gateway, id: `0090F8-${product}-${mac.toUpperCase()}`, site, wire };
}
