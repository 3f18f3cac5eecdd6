// A gateway as its agent sees it: values that services compute, installs, restarts, power cuts, factory resets.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway, type Gateway, type GatewayOptions } from '../../cpe/gateway.ts';
import { hostCertificate, parseProfile } from '../../cpe/profile.ts';
import { notify } from '../../cpe/services/nlm.ts';
import { storedFile, storeFile } from '../../cpe/state/files.ts';
import { parameterKeyNote } from '../../cpe/state/snapshot.ts';
import { type Clock, seededRandom, systemClock } from '../../shared/clock.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { UserError } from '../../shared/errors.ts';
import { packFirmware } from '../../shared/firmware.ts';
import { silentLog } from '../../shared/log.ts';
import { builtinModel } from '../../shared/model/datamodel.ts';
import type { Model } from '../../shared/model/definitions.ts';
import { type Authority, createCa } from '../../shared/pki/authority.ts';
import { answerQuestion } from '../../shared/sntp.ts';

const clock: Clock = systemClock();
const random = seededRandom(3);
const identity = {
  manufacturer: 'Media5',
  oui: '0090F8',
  productClass: '4102S',
  serialNumber: '0090F8000001',
  mac: '0090f8000001',
};
const FIRMWARE = '1 Firmware Upgrade Image';
const SCRIPT = '3 Vendor Configuration File';
const CERTIFICATE = 'X 0090F8 Certificate';

describe('gateway', () => {
  let model: Model;
  let directory: string;
  const gateways: Gateway[] = [];
  before(async () => {
    model = await builtinModel('dgw');
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cpe-gateway-'));
  });
  afterEach(async () => {
    for (const gateway of gateways.splice(0)) await gateway.powerOff();
    await rm(directory, { recursive: true, force: true });
  });

  const make = async (extra: Partial<GatewayOptions> = {}): Promise<Gateway> => {
    const gateway = await createGateway({
      model,
      identity,
      address: '127.0.0.1',
      clock,
      random,
      log: silentLog,
      clockSource: 'host',
      ...extra,
    });
    gateways.push(gateway);
    return gateway;
  };
  const up = async (extra: Partial<GatewayOptions> = {}): Promise<Gateway> => {
    const gateway = await make(extra);
    await gateway.boot();
    return gateway;
  };
  const set = (gateway: Gateway, values: Record<string, string>): Promise<0 | 1> =>
    gateway.device.config.set(
      Object.entries(values).map(([name, value]) => ({ name: gateway.device.config.pathOf(name) ?? name, value })),
      'acs',
    );
  const fault = async (work: Promise<unknown>): Promise<CwmpFault> => {
    try {
      await work;
    } catch (error) {
      assert.ok(error instanceof CwmpFault, String(error));
      return error;
    }
    return assert.fail('no fault');
  };

  describe('values of its services', () => {
    it('shows its identity under both names', async () => {
      const { device } = await up();
      assert.equal(device.config.get('Device.DeviceInfo.SoftwareVersion'), '48.5.2718');
      assert.equal(device.config.get('Device.DeviceInfo.SerialNumber'), '0090F8000001');
      assert.equal(device.config.variable('Dcm.UnitInfoMacAddress'), '0090f8000001');
      assert.equal(device.config.get('Device.LAN.IPAddress'), '127.0.0.1');
      assert.equal(device.config.variable('Fpu.MfpInstalledInfo[Index=1].MfpVersion'), '48.5.2718');
      assert.equal(device.config.variable('Scm.ServicesInfo[Name=SipEp].ExecState'), 'Started');
      assert.match(device.config.get('Device.Time.CurrentLocalTime'), /^20\d\d-.*[+-]\d\d:\d\d$/);
      for (const value of device.config.read('')) assert.equal(typeof value.Value, 'string', value.Name);
    });

    it('shows the MAC address as Cwmp.InteropMacAddressFormat says', async () => {
      const gateway = await up();
      assert.equal(gateway.device.config.get('Device.LAN.MACAddress'), '0090f8000001');
      await set(gateway, { 'Cwmp.InteropMacAddressFormat': 'UpperCaseWithColon' });
      assert.equal(gateway.device.config.get('Device.LAN.MACAddress'), '00:90:F8:00:00:01');
    });

    it('takes an ACS URL written by the ACS as the static one', async () => {
      const gateway = await up();
      assert.equal(gateway.device.config.get('Device.ManagementServer.URL'), '');
      await set(gateway, { 'Device.ManagementServer.URL': 'https://acs.example/cwmp' });
      assert.equal(gateway.device.config.variable('Cwmp.AcsUrlConfigSource'), 'Static');
      assert.equal(gateway.device.config.variable('Cwmp.AcsStaticUrl'), 'https://acs.example/cwmp');
      assert.equal(gateway.device.config.get('Device.ManagementServer.URL'), 'https://acs.example/cwmp');
      for (const bad of ['ftp://x/', 'nonsense', 'http://user:secret@host/']) {
        const { code, parameters } = await fault(set(gateway, { 'Device.ManagementServer.URL': bad }));
        assert.deepEqual([code, parameters[0]?.code], [9003, 9007], bad);
      }
    });

    it('sets ParameterKey only on success', async () => {
      const { device } = await up();
      const key = (): string => device.config.get('Device.ManagementServer.ParameterKey');
      const item = { name: 'Device.X_0090F8_Cwmp.PeriodicInformInterval', value: '60' };
      await device.config.set([item], 'acs', parameterKeyNote(device.state, 'k1'));
      assert.equal(key(), 'k1');
      await fault(device.config.set([{ ...item, value: '0' }], 'acs', parameterKeyNote(device.state, 'k2')));
      assert.equal(key(), 'k1');
      await device.config.insert('Device.X_0090F8_SipEp.Gateway.', {}, 'acs', parameterKeyNote(device.state, 'k3'));
      assert.equal(key(), 'k3');
      await device.config.set([item], 'acs', parameterKeyNote(device.state, ''));
      assert.equal(key(), '');
    });

    it('enables TLS unit-wide and turns UDP and TCP off with it', async () => {
      const gateway = await up();
      await gateway.device.config.insert('Device.X_0090F8_SipEp.Gateway.', {}, 'acs');
      const transport = 'Device.X_0090F8_SipEp.TransportConfig.';
      await set(gateway, { [`${transport}1.TlsEnable`]: 'Enable' });
      for (const row of [1, 2]) {
        assert.equal(gateway.device.config.get(`${transport}${row}.TlsEnable`), 'Enable');
        assert.equal(gateway.device.config.get(`${transport}${row}.UdpEnable`), 'Disable');
      }
      await set(gateway, { [`${transport}2.UdpEnable`]: 'Enable' });
      assert.equal(gateway.device.config.get(`${transport}1.TlsEnable`), 'Disable');
      const both = { [`${transport}1.TlsEnable`]: 'Enable', [`${transport}1.TcpEnable`]: 'Enable' };
      assert.equal((await fault(set(gateway, both))).parameters[0]?.code, 9007);
    });
  });

  describe('service restarts', () => {
    it('applies a setting when a row command restarts its service', async () => {
      const gateway = await up();
      const { device } = gateway;
      assert.equal(await set(gateway, { 'SipEp.TransportTlsVersion': 'TLSv1_2' }), 1);
      assert.equal(device.config.variable('SipEp.NeedRestartInfo'), 'Yes');
      assert.equal(device.tls('SipEp').policy.floor, 'TLSv1');
      await set(gateway, { 'Scm.ServiceCommands[Name=SipEp].Restart': 'Restart' });
      await gateway.device.services.settled();
      assert.equal(device.config.variable('SipEp.NeedRestartInfo'), 'No');
      assert.equal(device.tls('SipEp').policy.floor, 'TLSv1_2');
      assert.equal(await set(gateway, { 'Cwmp.TransportHttpsCipherSuite': 'CS3' }), 0);
      assert.equal(device.tls('Cwmp').policy.suites.length, 16, 'counts at the next handshake');
    });

    it('stops and starts a service, and does not start one of manual start-up type', async () => {
      const gateway = await up();
      const state = (): string | undefined => gateway.device.config.variable('Scm.ServicesInfo[Name=SipEp].ExecState');
      await set(gateway, { 'Scm.ServiceCommands[Name=SipEp].Stop': 'Stop' });
      await gateway.device.services.settled();
      assert.equal(state(), 'Stopped');
      assert.equal(await set(gateway, { 'SipEp.TransportTlsVersion': 'TLSv1_2' }), 0, 'nothing runs that could wait');
      await set(gateway, { 'Scm.ServiceCommands[Name=SipEp].Start': 'Start' });
      await gateway.device.services.settled();
      assert.equal(state(), 'Started');
      await set(gateway, { 'Scm.ServicesConfig[Name=SipEp].StartupType': 'Manual' });
      await gateway.device.power.reboot({ reason: 'test' });
      assert.equal(state(), 'Stopped');
    });

    it('applies all waiting settings at a reboot', async () => {
      const gateway = await up();
      await set(gateway, { 'SipEp.TransportTlsVersion': 'TLSv1_2', 'Mipt.IpTransportRtpBasePort': '7004' });
      await gateway.device.power.reboot({ reason: 'test' });
      assert.equal(gateway.device.config.variable('SipEp.NeedRestartInfo'), 'No');
      assert.equal(gateway.device.config.variable('Mipt.NeedRestartInfo'), 'No');
      assert.equal(gateway.device.config.running('SipEp.TransportTlsVersion'), 'TLSv1_2');
    });
  });

  describe('firmware (1 Firmware Upgrade Image)', () => {
    const image = (version: string, product = '4102S'): Buffer =>
      packFirmware({ product, version, payload: Buffer.alloc(100, 7) });

    it('runs the new version from the next boot on, and keeps the old one for a rollback', async () => {
      const gateway = await up({ stateDir: directory });
      const { device } = gateway;
      assert.deepEqual(await device.install(FIRMWARE, image('49.2.2941'), ''), { status: 'reboot' });
      assert.equal(device.softwareVersion, '48.5.2718');
      assert.equal(device.config.variable('Fpu.Status'), 'WaitingManualRestart');
      await gateway.powerOff();
      const again = await up({ stateDir: directory });
      assert.equal(again.device.config.get('Device.DeviceInfo.SoftwareVersion'), '49.2.2941');
      assert.equal(again.device.config.variable('Fpu.MfpInstalledInfo[Index=2].MfpVersion'), '48.5.2718');
      assert.equal(again.device.config.variable('Fpu.MfpRollbackAvailable'), 'Yes');
      assert.equal(again.device.config.variable('Fpu.MfpLastInstallationResult'), 'Success');
    });

    it('refuses a truncated, altered or foreign image with 9018, and keeps the old version', async () => {
      const gateway = await up();
      const good = image('49.2.2941');
      const altered = Buffer.from(good);
      altered[altered.length - 1] = 0;
      for (const bad of [good.subarray(0, 50), altered, Buffer.from('MZ'), image('49.2.2941', 'C711')]) {
        assert.equal((await fault(gateway.device.install(FIRMWARE, bad, ''))).code, 9018);
      }
      await gateway.device.power.reboot({ reason: 'test' });
      assert.equal(gateway.device.softwareVersion, '48.5.2718');
      assert.equal(gateway.device.config.variable('Fpu.MfpLastInstallationResult'), 'Fail');
    });

    it('takes any bytes with the option anyFirmware', async () => {
      const gateway = await up({ anyFirmware: true });
      assert.deepEqual(await gateway.device.install(FIRMWARE, Buffer.from('MZ'), ''), { status: 'reboot' });
    });
  });

  describe('scripts (3 Vendor Configuration File)', () => {
    const install = (gateway: Gateway, text: string): Promise<unknown> =>
      gateway.device.install(SCRIPT, Buffer.from(text), '');

    it('runs every form of statement', async () => {
      const gateway = await up();
      await install(
        gateway,
        `# a comment
cwmp.periodicinformenable = "Enable"
Hoc.StaticSntpServers[Priority=1].HostName = "pool.example:123"
SipEp.Gateway.DeleteAllRows
SipEp.InsertGateway Name=trunk
SipEp.TransportConfig[GatewayName=trunk].TlsEnable = Enable
SipEp.TransportTlsPersistentBasePort = 17000
Nlm.InsertEvent
Nlm.Events[Index=1].Criteria = "1400.303,1400.310"
CRout.ApplyConfig
Conf.RebootIfNeeded
Scm.RestartRequiredServices
`,
      );
      const { device } = gateway;
      assert.equal(device.config.get('Device.ManagementServer.PeriodicInformEnable'), '1');
      assert.equal(device.config.variable('Hoc.StaticSntpServers[Priority=1].HostName'), 'pool.example:123');
      assert.equal(device.config.variable('SipEp.Gateway[Name=default].Name'), undefined);
      assert.equal(device.config.variable('SipEp.TransportConfig[GatewayName=trunk].UdpEnable'), 'Disable');
      assert.equal(device.config.variable('SipEp.TransportPersistentBasePort'), '17000', 'a name of older firmware');
      assert.equal(device.config.variable('Nlm.Events[Index=1].ConfigStatus'), 'Valid');
      assert.equal(device.config.variable('SipEp.NeedRestartInfo'), 'No');
      assert.equal(device.config.variable('Conf.ScriptsStatsLastTransferResult'), 'Success');
    });

    it('runs nothing of a script with a syntax error, and names line and column in 9018', async () => {
      const gateway = await up();
      const { code, message } = await fault(
        install(gateway, 'Cwmp.PeriodicInformInterval = 60\nCwmp.PeriodicInformEnable = "Enable\n'),
      );
      assert.equal(code, 9018);
      assert.match(message, /line 2, column 29/);
      assert.equal(gateway.device.config.variable('Cwmp.PeriodicInformInterval'), '3600');
    });

    it('continues after a line that fails, and names the first one in 9010', async () => {
      const gateway = await up();
      const { code, message } = await fault(
        install(
          gateway,
          `Cwmp.PeriodicInformInterval = 60
Cwmp.NoSuchThing = 1
Cwmp.PeriodicInformInterval = 0
SipEp.NoSuchCommand
SipEp.Gateway[Name=none].Port = 1
Cwmp.AcsUrl = "http://x/"
Cwmp.ListeningPort = 7000
`,
        ),
      );
      assert.equal(code, 9010);
      assert.match(message, /^5 lines of 7 failed; first line 2: .*NoSuchThing/);
      assert.equal(gateway.device.config.variable('Cwmp.PeriodicInformInterval'), '60');
      assert.equal(gateway.device.config.variable('Cwmp.ListeningPort'), '7000');
      assert.equal(gateway.device.config.variable('Conf.ScriptsStatsLastTransferResult'), 'ExecutionFailed');
    });

    it('restores the same configuration from its export', async () => {
      const first = await up();
      await install(
        first,
        `Cwmp.Username = "a \\"b\\" \\\\ c\\n"
Cwmp.Password = "secret"
SipEp.Gateway[Name=default].Port = 5070
SipEp.InsertGateway Name="second one"
SipEp.GwSpecificProxy[GatewayName="second one"].HomeDomainHost = "h:1"
SipEp.MinSeverity = Info
Nlm.InsertEvent
Nlm.InsertEvent
Nlm.Events[Index=2].Criteria = "All"
Bni.AddNetwork InterfaceName=Extra
Aaa.InsertUser UserName=oper
Aaa.Users[UserName=oper].Password = "x"
`,
      );
      await first.device.config.remove(`${pathOfRow(first, 'Nlm.Events[Index=1].Criteria')}`, 'acs');
      const exported = await first.device.export('1 Vendor Configuration File');
      const text = exported.toString();
      assert.match(text, /^#{50}\n# Configuration Script\.\n# Automatically generated\.\n/);
      assert.match(text, /Scm\.RestartRequiredServices\n\n#{22} END #{22}\n$/);
      assert.ok(text.indexOf('# SipEp Service') < text.indexOf('# Cwmp Service'), 'by numeric key');
      const second = await up();
      await second.device.install(SCRIPT, exported, '');
      assert.equal((await second.device.export('1 Vendor Configuration File')).toString(), text);
      assert.equal(second.device.config.variable('Cwmp.Username'), 'a "b" \\ c\n');
      assert.equal(
        second.device.config.variable('SipEp.GwSpecificProxy[GatewayName="second one"].HomeDomainHost'),
        'h:1',
      );
    });

    it('exports everything with AllConfig, and runs it without a failing line', async () => {
      const first = await up();
      await set(first, { 'Conf.ScriptExportContent': 'AllConfig' });
      const exported = await first.device.export('3 Vendor Configuration File 1');
      assert.ok(exported.toString().split('\n').length > 1000);
      const second = await up();
      await second.device.install(SCRIPT, exported, '');
      assert.equal((await second.device.export('1 Vendor Configuration File')).toString(), exported.toString());
    });
  });

  describe('certificates (X 0090F8 Certificate)', () => {
    let ca: Authority;
    before(async () => {
      ca = await createCa({ name: 'Test CA', key: 'ec', clock, random });
    });

    it('installs a CA, trusts it, and drops it with its row', async () => {
      const gateway = await up({ stateDir: directory });
      assert.equal(gateway.device.tls('Cwmp').roots.length, 0);
      await gateway.device.install(CERTIFICATE, Buffer.from(ca.cert), 'My CA.crt');
      assert.equal(gateway.device.tls('Cwmp').roots.length, 1);
      assert.equal(
        gateway.device.config.variable('Cert.OthersCertificatesInfo[FileName=My_CA.crt].IssuedTo'),
        'Test CA',
      );
      await gateway.powerOff();
      const again = await up({ stateDir: directory });
      assert.equal(again.device.tls('Cwmp').roots.length, 1);
      await set(again, { 'Cert.OthersCertificatesInfo[FileName=My_CA.crt].Delete': 'Delete' });
      assert.equal(again.device.tls('Cwmp').roots.length, 0);
      assert.deepEqual(await again.device.state.persist.list(), []);
    });

    it('installs a host certificate with its key and shows it to the services that may use it', async () => {
      const gateway = await up();
      const issued = await ca.issue({ commonName: 'unit', usage: ['client', 'server'], key: 'rsa' });
      await gateway.device.install(CERTIFICATE, Buffer.from(issued.cert + issued.key), 'unit.pem');
      assert.ok(gateway.device.tls('SipEp').host);
      await set(gateway, { 'Cert.HostCertificateAssociation[FileName=unit.pem].Sip': 'Disable' });
      assert.equal(gateway.device.tls('SipEp').host, undefined);
      assert.ok(gateway.device.tls('Cwmp').host);
    });

    it('refuses a file that is no certificate with 9018', async () => {
      const gateway = await up();
      assert.equal((await fault(gateway.device.install(CERTIFICATE, Buffer.from('x'), ''))).code, 9018);
      assert.equal((await fault(gateway.device.install('9 Nothing', Buffer.from('x'), ''))).code, 9003);
      assert.equal((await fault(gateway.device.export('9 Nothing'))).code, 9003);
    });

    it('has the certificates of its profile, also after a factory reset', async () => {
      const profile = { parameters: {}, certificates: [ca.cert] };
      const gateway = await up({ profile });
      assert.equal(gateway.device.tls('Cwmp').roots.length, 1);
      await set(gateway, { 'Cert.OthersCertificatesInfo[FileName=Profile_CA1.crt].Delete': 'Delete' });
      assert.equal(gateway.device.tls('Cwmp').roots.length, 0);
      await gateway.device.power.factoryReset();
      assert.equal(gateway.device.tls('Cwmp').roots.length, 1);
    });

    it('has the host certificate of its profile, which is no CA', async () => {
      const issued = await ca.issue({ commonName: 'unit', usage: ['client'], key: 'ec' });
      const own = hostCertificate(Buffer.from(issued.key + issued.cert));
      const gateway = await up({ profile: { parameters: {}, certificates: [ca.cert, own] } });
      const { host, roots } = gateway.device.tls('Cwmp');
      assert.equal(host?.cert, issued.cert);
      assert.equal(roots.length, 1);
      assert.equal(
        gateway.device.config.variable('Cert.HostCertificatesInfo[FileName=Profile_Host2.crt].IssuedTo'),
        'unit',
      );
      assert.throws(() => hostCertificate(Buffer.from(issued.cert)), /holds no private key/);
    });
  });

  describe('power cuts and factory reset', () => {
    it('keeps acknowledged state over a power cut', async () => {
      const gateway = await up({ stateDir: directory });
      await gateway.device.config.set(
        [{ name: 'Device.ManagementServer.Username', value: 'unit' }],
        'acs',
        parameterKeyNote(gateway.device.state, 'revision'),
      );
      await gateway.device.state.record(facts => {
        facts.events.push({ EventCode: 'M Reboot', CommandKey: 'k' });
      });
      await storeFile(gateway.device.state.persist, 't1', Buffer.from('bytes'));
      await gateway.powerOff();
      const again = await make({ stateDir: directory });
      assert.equal(again.device.config.get('Device.ManagementServer.Username'), 'unit');
      assert.equal(again.device.state.facts.parameterKey, 'revision');
      assert.ok(again.device.state.facts.events.some(({ EventCode }) => EventCode === 'M Reboot'));
      assert.equal((await storedFile(again.device.state.persist, 't1'))?.toString(), 'bytes');
    });

    it('returns to the profile, forgets the ACS, and keeps its firmware at a factory reset', async () => {
      const profile = parseProfile('{"parameters": {"Cwmp.Username": "enrol", "Nlm.Events[Index=1].Criteria": "All"}}');
      const gateway = await up({ profile, stateDir: directory });
      const { device } = gateway;
      assert.equal(
        device.config.variable('Nlm.Events[Index=1].Criteria'),
        'All',
        'a row that the profile names is made',
      );
      await set(gateway, { 'Cwmp.Username': 'own' });
      await device.config.changes.setAttributes([{ path: 'Device.X_0090F8_Cwmp.Username', notification: 2 }]);
      await device.install(
        FIRMWARE,
        packFirmware({ product: '4102S', version: '49.0.2809', payload: Buffer.alloc(1) }),
        '',
      );
      await device.power.reboot({ reason: 'firmware' });
      await device.state.record(facts => {
        facts.bootstrapped = 'http://acs/';
        facts.parameterKey = 'x';
      });
      await device.power.factoryReset();
      assert.equal(device.config.variable('Cwmp.Username'), 'enrol');
      assert.equal(device.config.attributes.read('Device.X_0090F8_Cwmp.Username')[0]?.Notification, 0);
      assert.equal(device.softwareVersion, '49.0.2809');
      assert.equal(device.state.facts.bootstrapped, '');
      assert.equal(device.state.facts.parameterKey, '');
    });

    it('refuses a profile that does not fit, and names the wrong entry', async () => {
      const refuse = async (text: string, expected: RegExp): Promise<void> => {
        await assert.rejects(
          async () => make({ profile: parseProfile(text) }),
          (error: unknown) => error instanceof UserError && expected.test(error.message),
        );
      };
      await refuse('{', /not JSON/);
      await refuse('[]', /object/);
      await refuse('{"params": {}}', /params/);
      await refuse('{"parameters": {"Cwmp.Nothing": "1"}}', /Cwmp\.Nothing/);
      await refuse('{"parameters": {"Cwmp.ListeningPort": "x"}}', /Cwmp\.ListeningPort/);
      await refuse('{"parameters": {"Cwmp.AcsUrl": "x"}}', /read-only/);
      await refuse('{"certificates": ["x"]}', /certificate 1/);
    });
  });

  describe('notifications and time', () => {
    let socket: Socket;
    beforeEach(async () => {
      socket = createSocket('udp4');
      await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
    });
    afterEach(() => socket.close());
    const port = (): number => (socket.address() as AddressInfo).port;

    it('sends a notification that passes both gates, and none that passes one', async () => {
      const gateway = await up();
      const { device } = gateway;
      const lines: string[] = [];
      const got = new Promise<void>(resolve => {
        socket.on('message', bytes => {
          lines.push(bytes.toString());
          if (lines.length === 2) resolve();
        });
      });
      await set(gateway, { 'Nlm.SyslogRemoteHost': `127.0.0.1:${port()}` });
      notify(device, 'SipEp', 303, 'Info', 'no row');
      await device.install(
        SCRIPT,
        Buffer.from(
          'Nlm.InsertEvent\nNlm.Events[Index=1].Criteria = "1400.303,1400.310"\nNlm.InsertEvent\nNlm.Events[Index=2].Criteria = "1400.All,-1400.310"\nNlm.Events[Index=2].Action = LogLocally\n',
        ),
        '',
      );
      notify(device, 'SipEp', 303, 'Info', 'below the floor');
      await set(gateway, { 'SipEp.MinSeverity': 'Info' });
      notify(device, 'SipEp', 304, 'Info', 'another number');
      notify(device, 'SipEp', 303, 'Info', 'TLS ready');
      notify(device, 'SipEp', 310, 'Info', 'reachable');
      await got;
      assert.deepEqual(lines.map(line => line.replace(/^<(\d+)>.* 127\.0\.0\.1 /, '$1|')).sort(), [
        '14|SipEp: 1400-SIP Endpoint: 303-TLS ready',
        '14|SipEp: 1400-SIP Endpoint: 310-reachable',
      ]);
      assert.deepEqual(
        device.config
          .names('Device.X_0090F8_Nlm.LocalLogMessages.', true)
          .map(({ Name }) => device.config.get(`${Name}Message`)),
        ['another number', 'TLS ready'],
      );
      assert.match((await device.export('2 Vendor Log File')).toString(), /INFO SipEp: 1400-303 TLS ready\n$/);
    });

    it('has no time until SNTP sets it, and asks again after a reboot', async () => {
      const ahead = 86_400_000;
      socket.on('message', (bytes, from) => {
        const answer = answerQuestion(bytes, clock.now() + ahead);
        if (answer) socket.send(answer, from.port, from.address);
      });
      const gateway = await up({ clockSource: 'sntp' });
      assert.equal(gateway.device.now(), undefined);
      assert.equal(gateway.device.config.variable('Hoc.SystemTime'), '');
      assert.equal(gateway.device.tls('Cwmp').now, undefined);
      await set(gateway, {
        'Hoc.SntpConfigSource': 'Static',
        'Hoc.StaticSntpServers[Priority=1].HostName': `127.0.0.1:${port()}`,
      });
      await gateway.device.power.reboot({ reason: 'test' });
      const now = gateway.device.now();
      assert.ok(now !== undefined && Math.abs(now - clock.now() - ahead) < 1000);
      assert.equal(gateway.device.config.variable('Hoc.SntpCurrentSource'), `127.0.0.1:${port()}`);
      assert.notEqual(gateway.device.config.get('Device.DeviceInfo.FirstUseDate'), '0001-01-01T00:00:00Z');
    });
  });
});

/** Path of the row that a variable lies in. */
function pathOfRow(gateway: Gateway, name: string): string {
  const path = gateway.device.config.pathOf(name) ?? '';
  return path.slice(0, path.lastIndexOf('.') + 1);
}
