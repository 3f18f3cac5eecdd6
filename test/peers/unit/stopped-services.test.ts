// A unit whose user services are stopped, before a capture of its address: it says nothing, although all of them have reasons to.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gateways } from '../../support/cpe/gateways.ts';
import { type ScriptedAcs, scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { eventually } from '../../support/eventually.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { capture } from '../../support/servers/tshark.ts';

peerSuite('services that are stopped', { programs: ['tshark'], root: true }, function () {
  this.timeout(60_000);
  const address = '127.0.15.78';
  let on: Gateways;
  let acs: ScriptedAcs;
  let registrar: Socket;
  let heard = 0;
  before(async () => {
    on = await Gateways.open();
    acs = await scriptedAcs();
    registrar = createSocket('udp4').on('message', () => heard++);
    await new Promise<void>(resolve => registrar.bind(0, '127.0.0.1', resolve));
  });
  after(async () => {
    await on?.close();
    await acs?.close();
    registrar?.close();
  });

  it('send no packet and answer none, until they are started again', async () => {
    const host = `127.0.0.1:${registrar.address().port}`;
    const parameters = {
      'Cwmp.AcsUrlConfigSource': 'Static',
      'Cwmp.AcsStaticUrl': acs.url,
      'Cwmp.PeriodicInformEnable': 'Enable',
      'Cwmp.PeriodicInformInterval': '1',
      'SipEp.DefaultStaticRegistrarServerHost': host,
      'SipEp.UserAgent[EpId=Phone-Fax1].Username': '100',
      'SipEp.UserAgent[EpId=Phone-Fax1].Register': 'Enable',
      'Nlm.SyslogRemoteHost': host,
      'Nlm.Events[Index=1].Criteria': 'All',
      'SipEp.MinSeverity': 'Info',
    };
    const profile = { parameters, certificates: [] };
    const { device } = await on.up({ address, listen: { host: address, port: 0 }, profile });
    await eventually('traffic', () => heard > 1 && acs.heard.length > 3, 10_000);
    const users = device.model.services.filter(service => service.class === 'User').map(({ name }) => name);
    for (const name of users) await device.services.command(name, 'Stop');
    await sleep(300);
    const before = acs.heard.length;
    const wire = await capture(join(on.directory, 'silent.pcapng'), `host ${address} and not icmp`);
    device.notify('tlsReady', { server: 'x', gateway: 'default' });
    await sleep(3000);
    await wire.stop();
    assert.equal(await wire.read('-T', 'fields', '-e', 'frame.protocols'), '');
    assert.equal(acs.heard.length, before);
    for (const name of users) await device.services.command(name, 'Start');
    await eventually('traffic again', () => acs.heard.length > before + 1, 10_000);
  });
});
