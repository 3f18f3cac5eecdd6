// The unit's STUN client before a real server: coturn on loopback.
import assert from 'node:assert/strict';
import type { Gateway } from '../../cpe/gateway.ts';
import { createGateway } from '../../cpe/gateway.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { builtinModel } from '../../shared/model/datamodel.ts';
import { eventually } from '../support/eventually.ts';
import { type Lab, openLab, peerSuite } from '../support/servers/peers.ts';
import { openNat } from '../support/servers/stun.ts';

const PORT = 13_478;

peerSuite('STUN against coturn', { programs: ['turnserver'], lab: true }, function () {
  this.timeout(60_000);
  let lab: Lab;
  before(async () => {
    lab = await openLab();
    await lab.start('stun');
  });
  after(() => lab.close());

  const gateway = async (server: string): Promise<Gateway> => {
    const made = await createGateway({
      model: await builtinModel('dgw'),
      identity: {
        manufacturer: 'Media5',
        oui: '0090F8',
        productClass: '4102S',
        serialNumber: '1',
        mac: '0090f8000001',
      },
      profile: {
        parameters: {
          'Cwmp.AcsUrlConfigSource': 'Static',
          'Cwmp.Tr111StunEnable': 'Enable',
          'Cwmp.Tr111StunServerHost': server,
          // Found again quickly should the server not be up yet.
          'Cwmp.Tr111StunKeepAlivePeriod': '1-1',
          'Scm.ServicesConfig[Name=SipEp].StartupType': 'Manual',
        },
        certificates: [],
      },
      address: '127.0.0.1',
      clock: systemClock(),
      random: systemRandom(),
      log: silentLog,
      clockSource: 'host',
      listen: { host: '127.0.0.1', port: 0 },
    });
    await made.boot();
    return made;
  };
  const connected = (unit: Gateway): Promise<boolean> =>
    eventually(
      'a binding at coturn',
      () => unit.device.config.variable('Cwmp.Tr111StunStatus') === 'Connected',
      30_000,
    );

  it('finds its own address without NAT', async () => {
    const unit = await gateway(`127.0.0.1:${PORT}`);
    await connected(unit);
    assert.equal(unit.device.config.variable('Cwmp.Tr111NatDetected'), 'No');
    assert.match(unit.agent?.stun.address ?? '', /^127\.0\.0\.1:\d+$/);
    await unit.stop();
  });

  it('finds the outside address behind NAT', async () => {
    const nat = await openNat(PORT);
    const unit = await gateway(`127.0.0.1:${nat.inside}`);
    await connected(unit);
    assert.equal(unit.device.config.variable('Cwmp.Tr111NatDetected'), 'Yes');
    assert.equal(unit.agent?.stun.address, `127.0.0.1:${nat.outside}`);
    await unit.stop();
    await nat.close();
  });
});
