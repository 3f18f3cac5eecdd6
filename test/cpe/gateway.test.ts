// A gateway as its agent sees it: values that services compute, service restarts, power cuts, factory resets, time.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { parseProfile } from '../../cpe/profile.ts';
import { notify } from '../../cpe/services/nlm.ts';
import { userAgentConfigs } from '../../cpe/services/sip/config.ts';
import { userAgentsOf } from '../../cpe/services/sip/sipep.ts';
import { storedFile, storeFile } from '../../cpe/state/files.ts';
import { parameterKeyNote } from '../../cpe/state/snapshot.ts';
import { UserError } from '../../shared/errors.ts';
import { packFirmware } from '../../shared/firmware.ts';

import { clock, FIRMWARE, faultOf, Gateways, SCRIPT, set } from '../support/cpe/gateways.ts';
import { answerQuestion } from '../support/servers/sntp.ts';

describe('gateway', () => {
  let on: Gateways;
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());

  it('has one user agent for two SIP gateways of one name in a stored state, and ends it', async () => {
    const gateway = await on.up({ address: '127.0.15.9' });
    const table = 'Device.X_0090F8_SipEp.Gateway.';
    await gateway.device.config.edit(draft => {
      const path = `${table}${draft.addRow(table)}.Name`;
      draft.put(path, draft.find(path) ?? assert.fail(path), 'default');
    }, 'unit');
    await set(gateway, {
      'SipEp.DefaultStaticRegistrarServerHost': '127.0.0.1:9',
      'SipEp.UserAgent[EpId=Phone-Fax1].Username': '100',
      'SipEp.UserAgent[EpId=Phone-Fax1].Register': 'Enable',
    });
    await gateway.device.services.command('SipEp', 'Restart');
    assert.equal(userAgentConfigs(gateway.device).length, 1);
    const agents = userAgentsOf(gateway.device);
    assert.deepEqual(
      agents.map(([name]) => name),
      ['default'],
    );
    await gateway.stop();
    assert.deepEqual(userAgentsOf(gateway.device), []);
  });

  describe('values of its services', () => {
    it('shows its identity under both names', async () => {
      const { device } = await on.up();
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
      const gateway = await on.up();
      assert.equal(gateway.device.config.get('Device.LAN.MACAddress'), '0090f8000001');
      await set(gateway, { 'Cwmp.InteropMacAddressFormat': 'UpperCaseWithColon' });
      assert.equal(gateway.device.config.get('Device.LAN.MACAddress'), '00:90:F8:00:00:01');
    });

    it('takes an ACS URL written by the ACS as the static one', async () => {
      const gateway = await on.up();
      assert.equal(gateway.device.config.get('Device.ManagementServer.URL'), '');
      await set(gateway, { 'Device.ManagementServer.URL': 'https://acs.example/cwmp' });
      assert.equal(gateway.device.config.variable('Cwmp.AcsUrlConfigSource'), 'Static');
      assert.equal(gateway.device.config.variable('Cwmp.AcsStaticUrl'), 'https://acs.example/cwmp');
      assert.equal(gateway.device.config.get('Device.ManagementServer.URL'), 'https://acs.example/cwmp');
      for (const bad of ['ftp://x/', 'nonsense', 'http://user:secret@host/']) {
        const { code, parameters } = await faultOf(set(gateway, { 'Device.ManagementServer.URL': bad }));
        assert.deepEqual([code, parameters[0]?.code], [9003, 9007], bad);
      }
    });

    it('sets ParameterKey only on success', async () => {
      const { device } = await on.up();
      const key = (): string => device.config.get('Device.ManagementServer.ParameterKey');
      const item = { name: 'Device.X_0090F8_Cwmp.PeriodicInformInterval', value: '60' };
      await device.config.set([item], 'acs', parameterKeyNote(device.state, 'k1'));
      assert.equal(key(), 'k1');
      await faultOf(device.config.set([{ ...item, value: '0' }], 'acs', parameterKeyNote(device.state, 'k2')));
      assert.equal(key(), 'k1');
      await device.config.insert('Device.X_0090F8_SipEp.Gateway.', {}, 'acs', parameterKeyNote(device.state, 'k3'));
      assert.equal(key(), 'k3');
      await device.config.set([item], 'acs', parameterKeyNote(device.state, ''));
      assert.equal(key(), '');
    });

    it('keeps the ParameterKey of an earlier set where the next one cannot be saved', async () => {
      const { device } = await on.up();
      const item = { name: 'Device.X_0090F8_Cwmp.PeriodicInformInterval', value: '60' };
      const { persist } = device.state;
      const save = persist.save.bind(persist);
      let saves = 0;
      persist.save = state => (++saves === 2 ? Promise.reject(new Error('the disk is full')) : save(state));
      const [first, second] = await Promise.allSettled([
        device.config.set([item], 'acs', parameterKeyNote(device.state, 'k1')),
        device.config.set([{ ...item, value: '70' }], 'acs', parameterKeyNote(device.state, 'k2')),
      ]);
      assert.deepEqual([first.status, second.status], ['fulfilled', 'rejected']);
      assert.equal(device.state.facts.parameterKey, 'k1');
      assert.equal(device.config.get(item.name), '60');
    });

    it('enables TLS unit-wide and turns UDP and TCP off with it', async () => {
      const gateway = await on.up();
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
      assert.equal((await faultOf(set(gateway, both))).parameters[0]?.code, 9007);
    });
  });

  describe('service restarts', () => {
    it('applies a setting when a row command restarts its service', async () => {
      const gateway = await on.up();
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
      const gateway = await on.up();
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
      const gateway = await on.up();
      await set(gateway, { 'SipEp.TransportTlsVersion': 'TLSv1_2', 'Mipt.IpTransportRtpBasePort': '7004' });
      await gateway.device.power.reboot({ reason: 'test' });
      assert.equal(gateway.device.config.variable('SipEp.NeedRestartInfo'), 'No');
      assert.equal(gateway.device.config.variable('Mipt.NeedRestartInfo'), 'No');
      assert.equal(gateway.device.config.running('SipEp.TransportTlsVersion'), 'TLSv1_2');
    });
  });

  describe('power cuts and factory reset', () => {
    it('keeps acknowledged state over a power cut', async () => {
      const gateway = await on.up({ stateDir: on.directory });
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
      const again = await on.make({ stateDir: on.directory });
      assert.equal(again.device.config.get('Device.ManagementServer.Username'), 'unit');
      assert.equal(again.device.state.facts.parameterKey, 'revision');
      assert.ok(again.device.state.facts.events.some(({ EventCode }) => EventCode === 'M Reboot'));
      assert.equal((await storedFile(again.device.state.persist, 't1'))?.toString(), 'bytes');
    });

    it('returns to the profile, forgets the ACS, and keeps its firmware at a factory reset', async () => {
      const profile = parseProfile('{"parameters": {"Cwmp.Username": "enrol", "Nlm.Events[Index=1].Criteria": "All"}}');
      const gateway = await on.up({ profile, stateDir: on.directory });
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
          async () => on.make({ profile: parseProfile(text) }),
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
      const gateway = await on.up();
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

    it('sends the line about the wrong key management to syslog as the vendor prints it', async () => {
      const gateway = await on.up();
      const { device } = gateway;
      const got = new Promise<string>(resolve => socket.once('message', bytes => resolve(bytes.toString())));
      await set(gateway, { 'Nlm.SyslogRemoteHost': `127.0.0.1:${port()}` });
      await device.install(SCRIPT, Buffer.from('Nlm.InsertEvent\nNlm.Events[Index=1].Criteria = "1400.All"\n'), '');
      device.notify('wrongKeyManagement', {});
      const line = 'SdpTools [D3A2] Received the wrong key management protocol. Secure stream disabled.';
      assert.match(await got, /^<12>/);
      assert.ok((await got).endsWith(` ${line}`), await got);
    });

    it('has no time until SNTP sets it, and asks again after a reboot', async () => {
      const ahead = 86_400_000;
      socket.on('message', (bytes, from) => {
        const answer = answerQuestion(bytes, clock.now() + ahead);
        if (answer) socket.send(answer, from.port, from.address);
      });
      const gateway = await on.up({ clockSource: 'sntp' });
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
