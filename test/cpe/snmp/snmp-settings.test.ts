// The settings of a unit's SNMP agent: versions, the one user, port and traps.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import type { SnmpAgent } from '../../../cpe/snmp/agent.ts';
import { snmpUnit } from '../../support/console/snmp-unit.ts';
import type { TestUnit } from '../../support/cpe/unit.ts';
import { peerSuite, run } from '../../support/servers/peers.ts';

const SYSTEM = '1.3.6.1.2.1.1.1.0';

peerSuite('settings of the SNMP agent', { programs: ['snmpget'] }, function () {
  this.timeout(30_000);
  let unit: TestUnit;
  let agent: SnmpAgent;

  before(async () => {
    ({ unit, agent } = await snmpUnit());
  });
  after(() => unit?.close());

  const set = (name: string, value: string): Promise<unknown> =>
    unit.device.config.set([{ name: unit.device.config.pathOf(name) ?? '', value }], 'unit');
  /** True where the agent answers. */
  const answers = (...security: string[]): Promise<boolean> =>
    run('snmpget', ['-t', '0.5', '-r', '0', ...security, '-m', '', '-On', agent.address, SYSTEM]).then(
      ({ stdout }) => /Media5/.test(stdout),
      () => false,
    );
  const asUser = (name: string, password: string): Promise<boolean> =>
    answers('-v3', '-u', name, '-l', 'authNoPriv', '-a', 'MD5', '-A', password);

  it('answer version 1 while EnableSnmpV1 says so', async () => {
    const seen: boolean[] = [];
    for (const value of ['Disable', 'Enable', 'Disable']) {
      await set('Snmp.EnableSnmpV1', value);
      seen.push(await answers('-v1', '-c', 'public'));
    }
    assert.deepEqual(seen, [false, true, false]);
  });

  it('let SnmpUser alone in, where it is set', async () => {
    await set('Aaa.Users[UserName=public].Password', 'observer1');
    const both = async (): Promise<boolean[]> => [
      await asUser('admin', 'administrator'),
      await asUser('public', 'observer1'),
    ];
    assert.deepEqual(await both(), [true, true]);
    await set('Snmp.SnmpUser', 'public');
    assert.deepEqual(await both(), [false, true]);
    await set('Snmp.SnmpUser', '');
    assert.deepEqual(await both(), [true, true]);
  });

  it('send traps while EnableTrap says so', async () => {
    const receiver = createSocket('udp4');
    await new Promise<void>(resolve => receiver.bind(0, '127.0.0.1', resolve));
    const heard: string[] = [];
    const trap = new Promise<void>(resolve => {
      receiver.on('message', bytes => {
        heard.push(bytes.toString('latin1'));
        resolve();
      });
    });
    await set('Snmp.TrapDest', `127.0.0.1:${receiver.address().port}`);
    await set('Scm.MinSeverity', 'Debug');
    await set('Snmp.EnableTrap', 'Disable');
    unit.device.notify('serviceStopped', { service: 'Moh' });
    await new Promise(resolve => setTimeout(resolve, 200));
    await set('Snmp.EnableTrap', 'Enable');
    unit.device.notify('serviceStopped', { service: 'Vm' });
    await trap;
    await new Promise(resolve => setTimeout(resolve, 100));
    receiver.close();
    assert.deepEqual(
      heard.map(text => /(Moh|Vm)\b/.exec(text)?.[1]),
      ['Vm'],
    );
  });

  it('move the agent to Port once the service has restarted', async () => {
    const spare = createSocket('udp4');
    await new Promise<void>(resolve => spare.bind(0, '127.0.0.1', resolve));
    const { port } = spare.address();
    await new Promise<void>(resolve => spare.close(resolve));
    const before = agent.address;
    await set('Snmp.Port', String(port));
    assert.equal(agent.address, before);
    await unit.gateway.device.services.command('Snmp', 'Restart');
    assert.equal(agent.address, `127.0.0.1:${port}`);
    assert.equal(await asUser('admin', 'administrator'), true);
  });
});
