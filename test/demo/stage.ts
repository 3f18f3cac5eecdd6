// Everything that the story needs, up on loopback: DHCP, SNTP, syslog, the SIP server, the ACS, two gateways still in their boxes.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acsOptions } from '../../acs/config.ts';
import { type Started, start } from '../../acs/server/start.ts';
import { createGateway, type Gateway } from '../../cpe/gateway.ts';
import type { CustomerProfile } from '../../cpe/profile.ts';
import { type Pbx, startPbx } from '../../pbx/app.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { readOptions } from '../../shared/config.ts';
import type { Arguments } from '../../shared/cwmp/methods.ts';
import { decodeEnvelope, type Envelope } from '../../shared/cwmp/soap.ts';
import { createLog, silentLog } from '../../shared/log.ts';
import { builtinModel } from '../../shared/model/datamodel.ts';
import { createCa } from '../../shared/pki/authority.ts';
import { type DhcpServer, startDhcpServer } from '../support/servers/dhcp.ts';
import { type SntpServer, startSntpServer } from '../support/servers/sntp.ts';
import { type SyslogServer, startSyslogServer } from '../support/servers/syslog.ts';

export interface Seen {
  number: number;
  /** Whose session it was in. */
  unit: string;
  from: 'cpe' | 'acs';
  envelope: Envelope;
}

export interface Unit {
  name: 'A' | 'B';
  /** Its id at the ACS. */
  id: string;
  user: string;
  /** Hz that it plays in a call. */
  tone: number;
  gateway: Gateway;
}

export interface Stage {
  a: Unit;
  b: Unit;
  units: readonly Unit[];
  dhcp: DhcpServer;
  sntp: SntpServer;
  /** Whether the time server answers. */
  timeIsOn: boolean;
  syslog: SyslogServer;
  pbx: Pbx;
  /** PEM of the CA that signed the ACS's certificate. */
  acsCa: string;
  /** Every CWMP envelope, in order. */
  wire: Seen[];
  domain: string;
  /** One call of the ACS's API; answers above 299 are errors. */
  api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  addresses(): [string, string][];
  close(): Promise<void>;
}

export const oldVersion = '49.1.2884';
export const newVersion = '49.2.2941';
export const product = '4102S';
const domain = 'demo.test';
const enrolment = { username: 'factory', password: 'shared-by-new-units' };

export async function openStage(options: { folder: string; wire?: string; verbose: boolean }): Promise<Stage> {
  const clock = systemClock();
  const random = systemRandom();
  const write = (line: string): boolean => process.stderr.write(`${line}\n`);
  const log = options.verbose ? createLog({ clock, level: 'info', write }) : silentLog;

  const stage: Partial<Stage> & { timeIsOn: boolean; wire: Seen[] } = { timeIsOn: false, wire: [] };
  const sntp = await startSntpServer({ clock, change: answer => (stage.timeIsOn ? answer : undefined) });
  const syslog = await startSyslogServer();
  const voiceCa = await createCa({ name: 'Demo voice CA', key: 'rsa', clock, random });
  const sip = await voiceCa.issue({
    commonName: 'sip.demo.test',
    dns: ['sip.demo.test'],
    ips: ['127.0.0.1'],
    usage: ['server'],
    key: 'rsa',
  });
  const users = [
    { user: '100', password: random.bytes(12).toString('hex') },
    { user: '101', password: random.bytes(12).toString('hex') },
  ];
  const pbx = await startPbx({
    host: '127.0.0.1',
    tlsPort: 0,
    port: 0,
    cert: sip.chain,
    key: sip.key,
    domain,
    users,
    clock,
    random,
    log: log.child({ program: 'pbx' }),
  });
  const started = await startTheAcs(options, options.verbose);
  const [acsUrl = ''] = started.acs.cwmp;
  const dhcp = await startDhcpServer({ acsUrl, provisioningCode: 'demo.site-1' });

  const api: Stage['api'] = async (method, path, body) => {
    const isBytes = Buffer.isBuffer(body);
    const answer = await fetch(`${started.acs.api}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${started.adminToken}`,
        'content-type': isBytes ? 'application/octet-stream' : 'application/json',
      },
      ...(body === undefined ? {} : { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const value = (text ? JSON.parse(text) : {}) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${String(value.detail ?? text)}`);
    return value;
  };

  const profile: CustomerProfile = {
    parameters: {
      'Cwmp.Username': enrolment.username,
      'Cwmp.Password': enrolment.password,
      'Hoc.SntpConfigSource': 'Static',
      'Hoc.StaticSntpServers[Priority=1].HostName': `127.0.0.1:${sntp.port}`,
    },
    certificates: [],
  };
  if (options.wire) await mkdir(options.wire, { recursive: true });
  const writing: Promise<void>[] = [];
  const unit = async (name: 'A' | 'B', mac: string, user: string, tone: number): Promise<Unit> => {
    const gateway = await createGateway({
      model: await builtinModel('dgw'),
      identity: { manufacturer: 'Media5', oui: '0090F8', productClass: product, serialNumber: mac.toUpperCase(), mac },
      stateDir: join(options.folder, `gateway-${name}`),
      profile,
      address: '127.0.0.1',
      clock,
      random,
      log: log.child({ program: `gateway ${name}` }),
      dhcp: { server: { host: '127.0.0.1', port: dhcp.port } },
      listen: { host: '127.0.0.1', port: 0 },
      softwareVersion: oldVersion,
      tone,
      wire: (from, xml) => {
        const number = stage.wire.push({
          number: stage.wire.length + 1,
          unit: name,
          from,
          envelope: decodeEnvelope(xml),
        });
        if (options.wire)
          writing.push(writeFile(join(options.wire, `${String(number).padStart(4, '0')}-${from}.xml`), xml));
      },
    });
    return { name, id: `0090F8-${product}-${mac.toUpperCase()}`, user, tone, gateway };
  };
  const a = await unit('A', '0090f8000001', '100', 440);
  const b = await unit('B', '0090f8000002', '101', 880);

  await prepare(api, {
    syslogPort: syslog.port,
    voiceCa: voiceCa.root,
    pbxPort: pbx.ports.tls ?? 0,
    users,
    units: [a, b],
  });

  return Object.assign(stage, {
    a,
    b,
    units: [a, b],
    dhcp,
    sntp,
    syslog,
    pbx,
    acsCa: started.ca ?? '',
    domain,
    api,
    addresses: () =>
      [
        ['ACS for CPEs', acsUrl],
        ['ACS API', `${started.acs.api}/api/v1   token in ${join(options.folder, 'acs', 'admin-token')}`],
        [
          'SIP server',
          `sips:127.0.0.1:${pbx.ports.tls}  (users ${users.map(entry => `${entry.user}:${entry.password}`).join(' ')})`,
        ],
        ['DHCP', `127.0.0.1:${dhcp.port}`],
        ['SNTP', `127.0.0.1:${sntp.port}`],
        ['syslog', `127.0.0.1:${syslog.port}`],
        ['wake A', a.gateway.agent?.connectionRequestUrl ?? ''],
        ['wake B', b.gateway.agent?.connectionRequestUrl ?? ''],
      ] as [string, string][],
    close: async () => {
      await Promise.all([a.gateway.stop(), b.gateway.stop()]);
      await pbx.stop();
      await started.acs.close();
      await Promise.all([dhcp.close(), sntp.close(), syslog.close()]);
      await Promise.all(writing);
    },
  }) as Stage;
}

async function startTheAcs(options: { folder: string }, verbose: boolean): Promise<Started> {
  const secret = join(options.folder, 'enrol-secret');
  await writeFile(secret, `${enrolment.username}:${enrolment.password}\n`, { mode: 0o600 });
  const argv = [
    '--data',
    join(options.folder, 'acs'),
    '--cwmp',
    'https://127.0.0.1:0',
    '--api',
    'http://127.0.0.1:0',
    '--enrol-secret',
    secret,
  ];
  const { values } = readOptions(acsOptions, { argv: [...argv, '--log-level', verbose ? 'info' : 'silent'] });
  return await start(values, { pretty: false, write: line => process.stderr.write(`${line}\n`) });
}

/** What the operator does beforehand: announces the units, says what they should be, stores the files. */
async function prepare(
  api: Stage['api'],
  given: {
    syslogPort: number;
    voiceCa: string;
    pbxPort: number;
    users: { user: string; password: string }[];
    units: Unit[];
  },
): Promise<void> {
  await api('PUT', '/files/voice-ca.pem?type=certificate', Buffer.from(given.voiceCa));
  for (const unit of given.units) {
    await api('POST', '/devices', { id: unit.id, tags: ['demo'], site: { name: 'site-1' } });
    const account = given.users.find(entry => entry.user === unit.user);
    const script = siteScript({ port: given.pbxPort, user: unit.user, password: account?.password ?? '' });
    await api('PUT', `/files/voice-${unit.name}.cfg?type=script`, Buffer.from(script));
  }
  await api('PUT', '/presets/base', {
    when: 'tag = "demo"',
    certificates: ['voice-ca.pem'],
    set: {
      'Device.X_0090F8_Nlm.SyslogRemoteHost': `127.0.0.1:${given.syslogPort}`,
      'Device.X_0090F8_SipEp.MinSeverity': 'Info',
      'Device.X_0090F8_Cwmp.PeriodicInformEnable': 'Enable',
      'Device.X_0090F8_Cwmp.PeriodicInformInterval': 3600,
    },
    objects: {
      'Device.X_0090F8_Nlm.Events.': {
        keys: ['Criteria'],
        rows: [{ Criteria: '1400.303,1400.310', Action: 'SendViaSyslog', Activation: 'Enable' }],
      },
    },
  });
}

/** A configuration script in the vendor's language: SIP over TLS only, SRTP with SDES, one account. */
function siteScript({ port, user, password }: { port: number; user: string; password: string }): string {
  return `# Voice of one site: SIP over TLS only, SRTP with SDES.
SipEp.DefaultStaticRegistrarServerHost = "127.0.0.1:${port}"
SipEp.DefaultStaticProxyHomeDomainHost = "${domain}:0"
SipEp.DefaultStaticProxyOutboundHost = "127.0.0.1:${port}"
SipEp.TransportConfig[GatewayName=default].UdpEnable = "Disable"
SipEp.TransportConfig[GatewayName=default].TlsEnable = "Enable"
SipEp.TransportConfig[GatewayName=default].RegistrationEnable = "Enable"
SipEp.TransportConfig[GatewayName=default].ContactEnable = "Enable"
SipEp.TransportTlsVersion = "TLSv1_2"
SipEp.TransportTlsCipherSuite = "CS3"
SipEp.UserAgent[EpId=Phone-Fax1].Username = "${user}"
SipEp.UserAgent[EpId=Phone-Fax1].Register = "Enable"
SipEp.InsertAuthentication
SipEp.Authentication[Index=1].CriteriaSelection = "Unit"
SipEp.Authentication[Index=1].ValidateRealm = "Disable"
SipEp.Authentication[Index=1].Username = "${user}"
SipEp.Authentication[Index=1].Password = "${password}"
Mipt.DefaultSecurityRtpMode = "Secure"
Mipt.DefaultSecurityKeyManagement = "Sdes"
Scm.RestartRequiredServices
`;
}

/** Informs of a unit, in order. */
export function informsOf(stage: Stage, unit: Unit): { number: number; args: Arguments<'Inform'> }[] {
  return stage.wire.flatMap(({ number, unit: name, envelope: { body } }) =>
    name === unit.name && body.kind === 'request' && body.method === 'Inform'
      ? [{ number, args: body.args as Arguments<'Inform'> }]
      : [],
  );
}
