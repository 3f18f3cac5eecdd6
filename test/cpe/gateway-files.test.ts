// Files that a gateway installs and exports: firmware, scripts, certificates.
import assert from 'node:assert/strict';
import type { Gateway } from '../../cpe/gateway.ts';
import { hostCertificate } from '../../cpe/profile.ts';
import { packFirmware } from '../../shared/firmware.ts';
import { type Authority, createCa } from '../../shared/pki/authority.ts';

import {
  CERTIFICATE,
  clock,
  FIRMWARE,
  faultOf,
  Gateways,
  pathOfRow,
  random,
  SCRIPT,
  set,
} from '../support/cpe/gateways.ts';

describe('gateway', () => {
  let on: Gateways;
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());

  describe('firmware (1 Firmware Upgrade Image)', () => {
    const image = (version: string, product = '4102S'): Buffer =>
      packFirmware({ product, version, payload: Buffer.alloc(100, 7) });

    it('runs the new version from the next boot on, and keeps the old one for a rollback', async () => {
      const gateway = await on.up({ stateDir: on.directory });
      const { device } = gateway;
      assert.deepEqual(await device.install(FIRMWARE, image('49.2.2941'), ''), { status: 'reboot' });
      assert.equal(device.softwareVersion, '48.5.2718');
      assert.equal(device.config.variable('Fpu.Status'), 'WaitingManualRestart');
      await gateway.powerOff();
      const again = await on.up({ stateDir: on.directory });
      assert.equal(again.device.config.get('Device.DeviceInfo.SoftwareVersion'), '49.2.2941');
      assert.equal(again.device.config.variable('Fpu.MfpInstalledInfo[Index=2].MfpVersion'), '48.5.2718');
      assert.equal(again.device.config.variable('Fpu.MfpRollbackAvailable'), 'Yes');
      assert.equal(again.device.config.variable('Fpu.MfpLastInstallationResult'), 'Success');
    });

    it('refuses a truncated, altered or foreign image with 9018, and keeps the old version', async () => {
      const gateway = await on.up();
      const good = image('49.2.2941');
      const altered = Buffer.from(good);
      altered[altered.length - 1] = 0;
      for (const bad of [good.subarray(0, 50), altered, Buffer.from('MZ'), image('49.2.2941', 'C711')]) {
        assert.equal((await faultOf(gateway.device.install(FIRMWARE, bad, ''))).code, 9018);
      }
      await gateway.device.power.reboot({ reason: 'test' });
      assert.equal(gateway.device.softwareVersion, '48.5.2718');
      assert.equal(gateway.device.config.variable('Fpu.MfpLastInstallationResult'), 'Fail');
    });

    it('takes any bytes with the option anyFirmware', async () => {
      const gateway = await on.up({ anyFirmware: true });
      assert.deepEqual(await gateway.device.install(FIRMWARE, Buffer.from('MZ'), ''), { status: 'reboot' });
    });
  });

  describe('scripts (3 Vendor Configuration File)', () => {
    const install = (gateway: Gateway, text: string): Promise<unknown> =>
      gateway.device.install(SCRIPT, Buffer.from(text), '');

    it('runs every form of statement', async () => {
      const gateway = await on.up();
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
      const gateway = await on.up();
      const { code, message } = await faultOf(
        install(gateway, 'Cwmp.PeriodicInformInterval = 60\nCwmp.PeriodicInformEnable = "Enable\n'),
      );
      assert.equal(code, 9018);
      assert.match(message, /line 2, column 29/);
      assert.equal(gateway.device.config.variable('Cwmp.PeriodicInformInterval'), '3600');
    });

    it('continues after a line that fails, and names the first one in 9010', async () => {
      const gateway = await on.up();
      const { code, message } = await faultOf(
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
      const first = await on.up();
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
      const second = await on.up();
      await second.device.install(SCRIPT, exported, '');
      assert.equal((await second.device.export('1 Vendor Configuration File')).toString(), text);
      assert.equal(second.device.config.variable('Cwmp.Username'), 'a "b" \\ c\n');
      assert.equal(
        second.device.config.variable('SipEp.GwSpecificProxy[GatewayName="second one"].HomeDomainHost'),
        'h:1',
      );
    });

    it('exports everything with AllConfig, and runs it without a failing line', async () => {
      const first = await on.up();
      await set(first, { 'Conf.ScriptExportContent': 'AllConfig' });
      const exported = await first.device.export('3 Vendor Configuration File 1');
      assert.ok(exported.toString().split('\n').length > 1000);
      const second = await on.up();
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
      const gateway = await on.up({ stateDir: on.directory });
      assert.equal(gateway.device.tls('Cwmp').roots.length, 0);
      await gateway.device.install(CERTIFICATE, Buffer.from(ca.cert), 'My CA.crt');
      assert.equal(gateway.device.tls('Cwmp').roots.length, 1);
      assert.equal(
        gateway.device.config.variable('Cert.OthersCertificatesInfo[FileName=My_CA.crt].IssuedTo'),
        'Test CA',
      );
      await gateway.powerOff();
      const again = await on.up({ stateDir: on.directory });
      assert.equal(again.device.tls('Cwmp').roots.length, 1);
      await set(again, { 'Cert.OthersCertificatesInfo[FileName=My_CA.crt].Delete': 'Delete' });
      assert.equal(again.device.tls('Cwmp').roots.length, 0);
      assert.deepEqual(await again.device.state.persist.list(), []);
    });

    it('installs a host certificate with its key and shows it to the services that may use it', async () => {
      const gateway = await on.up();
      const issued = await ca.issue({ commonName: 'unit', usage: ['client', 'server'], key: 'rsa' });
      await gateway.device.install(CERTIFICATE, Buffer.from(issued.cert + issued.key), 'unit.pem');
      assert.ok(gateway.device.tls('SipEp').host);
      await set(gateway, { 'Cert.HostCertificateAssociation[FileName=unit.pem].Sip': 'Disable' });
      assert.equal(gateway.device.tls('SipEp').host, undefined);
      assert.ok(gateway.device.tls('Cwmp').host);
    });

    it('refuses a file that is no certificate with 9018', async () => {
      const gateway = await on.up();
      assert.equal((await faultOf(gateway.device.install(CERTIFICATE, Buffer.from('x'), ''))).code, 9018);
      assert.equal((await faultOf(gateway.device.install('9 Nothing', Buffer.from('x'), ''))).code, 9003);
      assert.equal((await faultOf(gateway.device.export('9 Nothing'))).code, 9003);
    });

    it('has the certificates of its profile, also after a factory reset', async () => {
      const profile = { parameters: {}, certificates: [ca.cert] };
      const gateway = await on.up({ profile });
      assert.equal(gateway.device.tls('Cwmp').roots.length, 1);
      await set(gateway, { 'Cert.OthersCertificatesInfo[FileName=Profile_CA1.crt].Delete': 'Delete' });
      assert.equal(gateway.device.tls('Cwmp').roots.length, 0);
      await gateway.device.power.factoryReset();
      assert.equal(gateway.device.tls('Cwmp').roots.length, 1);
    });

    it('has the host certificate of its profile, which is no CA', async () => {
      const issued = await ca.issue({ commonName: 'unit', usage: ['client'], key: 'ec' });
      const own = await hostCertificate(Buffer.from(issued.key + issued.cert));
      const gateway = await on.up({ profile: { parameters: {}, certificates: [ca.cert, own] } });
      const { host, roots } = gateway.device.tls('Cwmp');
      assert.equal(host?.cert, issued.cert);
      assert.equal(roots.length, 1);
      assert.equal(
        gateway.device.config.variable('Cert.HostCertificatesInfo[FileName=Profile_Host2.crt].IssuedTo'),
        'unit',
      );
      await assert.rejects(hostCertificate(Buffer.from(issued.cert)), /holds no private key/);
    });
  });
});
