// The unit's DHCP client: a lease is told apart from what the unit does with it.
import assert from 'node:assert/strict';
import { DhcpClient } from '../../../cpe/agent/dhcp/dhcp-client.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import { type DhcpServer, startDhcpServer } from '../../support/servers/dhcp.ts';

describe('DHCP client of a unit', () => {
  const clock = systemClock();
  const mac = '0090f8000001';
  const identity = { manufacturer: 'M', oui: '0090F8', productClass: '4102S', serialNumber: mac, mac };
  let server: DhcpServer;
  beforeEach(async () => {
    server = await startDhcpServer({ acsUrl: 'http://acs.test/' });
  });
  afterEach(() => server.close());

  it('holds a lease that the unit cannot act on, and says that, not that none came', async () => {
    const logged: string[] = [];
    const log = createLog({ clock, level: 'debug', write: line => logged.push(line) });
    const leased = async (): Promise<void> => {
      throw new Error('the disk is full');
    };
    const config = { variable: () => undefined };
    const host = { identity, clock, random: systemRandom(), log, config, leased, isStopped: () => false };
    const client = new DhcpClient(host, { server: { host: '127.0.0.1', port: server.port } });
    assert.equal((await client.renew())?.acsUrl, 'http://acs.test/');
    assert.ok(client.lease);
    assert.equal(
      logged.some(line => line.includes('DHCP lease not received')),
      false,
    );
    assert.match(logged.find(line => line.includes('DHCP lease not acted on')) ?? '', /the disk is full/);
  });

  it('keeps its lease and asks no more while its service is stopped', async () => {
    let isStopped = false;
    const config = { variable: () => undefined };
    const log = createLog({ clock: systemClock(), level: 'debug', write: () => undefined });
    const leased = async (): Promise<void> => undefined;
    const host = { identity, clock: systemClock(), random: systemRandom(), log, config, leased };
    const client = new DhcpClient(
      { ...host, isStopped: () => isStopped },
      { server: { host: '127.0.0.1', port: server.port } },
    );
    const lease = await client.renew();
    assert.ok(lease);
    isStopped = true;
    assert.equal(await client.renew(), lease);
    isStopped = false;
    assert.notEqual(await client.renew(), lease);
  });
});
