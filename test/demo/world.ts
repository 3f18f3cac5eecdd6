// All that the demo needs, up on loopback: the servers, and two gateways that have never been switched on.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGateway } from '../../cpe/gateway.ts';
import type { CustomerProfile } from '../../cpe/profile.ts';
import type { Pbx } from '../../pbx/app.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import type { Arguments } from '../../shared/cwmp/methods.ts';
import { decodeEnvelope, type Envelope } from '../../shared/cwmp/soap.ts';
import { createLog, type Log, silentLog } from '../../shared/log.ts';
import { builtinModel } from '../../shared/model/datamodel.ts';
import type { DhcpServer } from '../support/servers/dhcp.ts';
import type { SntpServer } from '../support/servers/sntp.ts';
import type { SyslogServer } from '../support/servers/syslog.ts';
import { prepare } from './prepare.ts';
import { type Api, domain, enrolment, type Servers, startServers } from './servers.ts';
import type { Unit } from './unit.ts';

export interface Seen {
  number: number;
  /** The unit of the session. */
  unit: string;
  from: 'cpe' | 'acs';
  envelope: Envelope;
}

export interface DemoWorld {
  a: Unit;
  b: Unit;
  units: readonly Unit[];
  dhcp: DhcpServer;
  sntp: SntpServer;
  /** True once the time server answers. */
  timeIsOn: boolean;
  syslog: SyslogServer;
  pbx: Pbx;
  /** PEM of the CA that signed the ACS's certificate. */
  acsCa: string;
  /** Every CWMP envelope, in order. */
  wire: Seen[];
  domain: string;
  api: Api;
  addresses(): [string, string][];
  close(): Promise<void>;
}

export const oldVersion = '49.1.2884';
export const newVersion = '49.2.2941';
export const product = '4102S';

interface DemoOptions {
  folder: string;
  /** Folder for a file of each envelope. */
  wire?: string;
  verbose: boolean;
}

export async function openDemoWorld(options: DemoOptions): Promise<DemoWorld> {
  const clock = systemClock();
  const random = systemRandom();
  const write = (line: string): boolean => process.stderr.write(`${line}\n`);
  const log = options.verbose ? createLog({ clock, level: 'info', write }) : silentLog;
  const time = { isOn: false };
  const { folder, verbose } = options;
  const servers = await startServers({ folder, verbose, clock, random, log, isTimeOn: () => time.isOn });
  const { api, pbx, syslog, users, voiceCa, sntp, dhcp, started } = servers;
  const recording = await recordTo(options.wire);
  const unit = unitMaker({ ...options, servers, recording, log });
  const a = await unit('A', '0090f8000001', '100', 440);
  const b = await unit('B', '0090f8000002', '101', 880);
  await prepare(api, { syslogPort: syslog.port, voiceCa, pbxPort: pbx.ports.tls ?? 0, users, units: [a, b] });
  return {
    a,
    b,
    units: [a, b],
    dhcp,
    sntp,
    get timeIsOn() {
      return time.isOn;
    },
    set timeIsOn(isOn) {
      time.isOn = isOn;
    },
    syslog,
    pbx,
    acsCa: started.ca ?? '',
    wire: recording.wire,
    domain,
    api,
    addresses: () => addressesOf(servers, folder, [a, b]),
    close: async () => {
      await Promise.all([a.gateway.stop(), b.gateway.stop()]);
      await servers.close();
      await recording.written();
    },
  };
}

interface Recording {
  wire: Seen[];
  add(unit: string, from: Seen['from'], xml: string): void;
  /** Resolves when all files are written. */
  written(): Promise<unknown>;
}

/** Keeps every envelope, and writes it to a file where there is a folder. */
async function recordTo(folder: string | undefined): Promise<Recording> {
  if (folder) await mkdir(folder, { recursive: true });
  const wire: Seen[] = [];
  const writing: Promise<void>[] = [];
  return {
    wire,
    add: (unit, from, xml) => {
      const number = wire.push({ number: wire.length + 1, unit, from, envelope: decodeEnvelope(xml) });
      if (folder) writing.push(writeFile(join(folder, `${String(number).padStart(4, '0')}-${from}.xml`), xml));
    },
    written: () => Promise.all(writing),
  };
}

type UnitMaker = (name: Unit['name'], mac: string, user: string, tone: number) => Promise<Unit>;

/** Makes gateways as they leave the factory. */
function unitMaker(given: DemoOptions & { servers: Servers; recording: Recording; log: Log }): UnitMaker {
  const { folder, servers, recording, log } = given;
  const profile: CustomerProfile = {
    parameters: {
      'Cwmp.Username': enrolment.username,
      'Cwmp.Password': enrolment.password,
      'Hoc.SntpConfigSource': 'Static',
      'Hoc.StaticSntpServers[Priority=1].HostName': `127.0.0.1:${servers.sntp.port}`,
    },
    certificates: [],
  };
  return async (name, mac, user, tone) => {
    const gateway = await createGateway({
      model: await builtinModel('dgw'),
      identity: { manufacturer: 'Media5', oui: '0090F8', productClass: product, serialNumber: mac.toUpperCase(), mac },
      stateDir: join(folder, `gateway-${name}`),
      profile,
      address: '127.0.0.1',
      clock: systemClock(),
      random: systemRandom(),
      log: log.child({ program: `gateway ${name}` }),
      dhcp: { server: { host: '127.0.0.1', port: servers.dhcp.port } },
      listen: { host: '127.0.0.1', port: 0 },
      softwareVersion: oldVersion,
      tone,
      wire: (from, xml) => recording.add(name, from, xml),
    });
    return { name, id: `0090F8-${product}-${mac.toUpperCase()}`, user, tone, gateway };
  };
}

function addressesOf(
  { started, pbx, users, dhcp, sntp, syslog }: Servers,
  folder: string,
  units: readonly Unit[],
): [string, string][] {
  const accounts = users.map(entry => `${entry.user}:${entry.password}`).join(' ');
  return [
    ['ACS for CPEs', started.acs.cwmp[0] ?? ''],
    ['ACS API', `${started.acs.api}/api/v1   token in ${join(folder, 'acs', 'admin-token')}`],
    ['SIP server', `sips:127.0.0.1:${pbx.ports.tls}  (users ${accounts})`],
    ['DHCP', `127.0.0.1:${dhcp.port}`],
    ['SNTP', `127.0.0.1:${sntp.port}`],
    ['syslog', `127.0.0.1:${syslog.port}`],
    ...units.map(({ name, gateway }): [string, string] => [`wake ${name}`, gateway.agent?.connectionRequestUrl ?? '']),
  ];
}

/** Informs of a unit, in order. */
export function informsOf(world: DemoWorld, unit: Unit): { number: number; args: Arguments<'Inform'> }[] {
  return world.wire.flatMap(({ number, unit: name, envelope: { body } }) =>
    name === unit.name && body.kind === 'request' && body.method === 'Inform'
      ? [{ number, args: body.args as Arguments<'Inform'> }]
      : [],
  );
}
