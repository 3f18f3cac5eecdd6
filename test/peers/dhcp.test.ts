// Our DHCP client before real servers, each in a network namespace: the unit has no address and only a broadcast to ask with.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lease } from '../../cpe/state/device.ts';
import { eventually } from '../support/eventually.ts';
import { type Lab, openLab, peerSuite, peersFolder, run } from '../support/servers/peers.ts';

const MAC = '0090f8000001';
const client = fileURLToPath(new URL('../support/cpe/discover.ts', import.meta.url));
const netns = (word: 'up' | 'down'): Promise<unknown> => run('sh', [join(peersFolder, 'dhcp', 'netns.sh'), word]);

/** One discovery in the client's namespace; undefined when it found no server. */
async function discovered(): Promise<Lease | undefined> {
  const inside = ['netns', 'exec', 'dcli', process.execPath, '--import', 'tsx', client, MAC, 'interface', 'c0', '6000'];
  try {
    const { stdout } = await run('ip', inside);
    return JSON.parse(stdout) as Lease;
  } catch (error) {
    if (/NoLease/.test(String((error as { stderr?: string }).stderr))) return undefined;
    throw error;
  }
}

for (const [server, program] of [
  ['dnsmasq', 'dnsmasq'],
  ['kea', 'kea-dhcp4'],
] as const) {
  peerSuite(`DHCP against ${server}`, { programs: ['ip', program], lab: true, root: true }, function () {
    this.timeout(90_000);
    let lab: Lab;
    before(async () => {
      lab = await openLab();
      // Removes the rest of an earlier run that was cut off.
      await netns('down').catch(() => undefined);
      await netns('up');
      await lab.start(server);
    });
    after(async () => {
      await lab.close();
      await netns('down');
    });

    it('learns address, ACS, provisioning code, retry timing and time server', async () => {
      const lease = await eventually(server, discovered, 30_000, 100);
      assert.equal(lease.acsUrl, 'http://10.99.0.1:7547/acs');
      assert.equal(lease.provisioningCode, 'PROV.CODE.1');
      assert.equal(lease.retryMinimumWait, 5);
      assert.equal(lease.retryMultiplier, 2000);
      assert.deepEqual(lease.ntpServers, ['10.99.0.1']);
      assert.deepEqual(lease.dnsServers, ['10.99.0.1']);
      assert.match(lease.address ?? '', /^10\.99\.0\.1[0-5]\d$/);
      assert.equal(lease.server, '10.99.0.1');
    });
  });
}
