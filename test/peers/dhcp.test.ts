// Our DHCP client before real servers, each in a network namespace: the unit has no address and only a broadcast to ask with.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
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

/** A gateway that names itself to those that ask for the options of enterprise 3561 (TR-069 Annex F). */
const gatewayArguments = [
  ...[
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--port=0',
    '--interface=s0',
    '--bind-interfaces',
    '--user=root',
  ],
  ...['--leasefile-ro', '--dhcp-authoritative', '--log-facility=-', '--log-dhcp'],
  ...['--dhcp-range=10.99.0.100,10.99.0.150,255.255.255.0,10m'],
  ...['--dhcp-option=option:router,10.99.0.254', '--dhcp-option=option:domain-name,lab.test'],
  ...['--dhcp-option=vi-encap:3561,4,00D09E'],
  ...['--dhcp-option=vi-encap:3561,5,GW-1', '--dhcp-option=vi-encap:3561,6,Home'],
];

peerSuite(
  'the gateway of TR-069 Annex F by dnsmasq',
  { programs: ['ip', 'dnsmasq'], lab: true, root: true },
  function () {
    this.timeout(60_000);
    let server: ChildProcess;
    before(async () => {
      await netns('down').catch(() => undefined);
      await netns('up');
      server = spawn('ip', ['netns', 'exec', 'dsrv', 'dnsmasq', ...gatewayArguments], { stdio: 'ignore' });
    });
    after(async () => {
      const ended = once(server, 'exit');
      server.kill();
      await ended;
      await netns('down');
    });

    it('is read from the answer to a unit that names itself, with router and domain', async () => {
      const lease = await eventually('dnsmasq', discovered, 30_000, 100);
      assert.deepEqual(lease.gateway, { oui: '00D09E', serialNumber: 'GW-1', productClass: 'Home' });
      assert.deepEqual([lease.router, lease.domainName], ['10.99.0.254', 'lab.test']);
    });
  },
);

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
