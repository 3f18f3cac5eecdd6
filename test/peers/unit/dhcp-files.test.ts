// Scripts and firmware that the options 66 and 67 of real DHCP servers name, fetched by TFTP from dnsmasq: all in network namespaces.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packFirmware } from '../../../shared/firmware.ts';
import { peerSuite, run } from '../../support/servers/peers.ts';

const unit = fileURLToPath(new URL('../../support/processes/unit-in-lan.ts', import.meta.url));
const SERVER = 'tandem-fs';
const CLIENT = 'tandem-fc';
const OPTIONS = { 66: 'Script=tftp://10.98.0.1/unit.cfg', 67: 'Firmware=tftp://10.98.0.1/%product%.bin' } as const;

const ip = (...words: string[]): Promise<unknown> => run('ip', words);

async function up(): Promise<void> {
  await ip('netns', 'add', SERVER);
  await ip('netns', 'add', CLIENT);
  await ip('link', 'add', 's1', 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'c1', 'netns', CLIENT);
  for (const [space, device, address] of [
    [SERVER, 's1', '10.98.0.1/24'],
    [CLIENT, 'c1', '10.98.0.200/24'],
  ] as const) {
    await ip('-n', space, 'link', 'set', 'lo', 'up');
    await ip('-n', space, 'addr', 'add', address, 'dev', device);
    await ip('-n', space, 'link', 'set', device, 'up');
  }
  await ip('-n', CLIENT, 'route', 'add', '255.255.255.255/32', 'dev', 'c1');
}

async function down(): Promise<void> {
  for (const space of [SERVER, CLIENT]) await ip('netns', 'del', space).catch(() => undefined);
}

const kea = (folder: string): string =>
  JSON.stringify({
    Dhcp4: {
      'interfaces-config': { interfaces: ['s1'], 'dhcp-socket-type': 'raw' },
      'lease-database': { type: 'memfile', persist: false },
      'valid-lifetime': 600,
      authoritative: true,
      'option-data': [
        { name: 'tftp-server-name', data: OPTIONS[66] },
        { name: 'boot-file-name', data: OPTIONS[67] },
      ],
      subnet4: [{ subnet: '10.98.0.0/24', interface: 's1', pools: [{ pool: '10.98.0.100 - 10.98.0.150' }] }],
      loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: join(folder, 'kea.log') }] }],
    },
  });

for (const dhcp of ['dnsmasq', 'kea-dhcp4'] as const) {
  peerSuite(`scripts and firmware by DHCP of ${dhcp}`, { programs: ['ip', 'dnsmasq', dhcp], root: true }, function () {
    this.timeout(60_000);
    let folder: string;
    const children: ChildProcess[] = [];
    const start = (...words: string[]): void => {
      const env = { ...process.env, KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder };
      children.push(spawn('ip', ['netns', 'exec', SERVER, ...words], { stdio: 'ignore', env }));
    };
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'unit-dhcp-'));
      await chmod(folder, 0o755);
      await down();
      await up();
      await writeFile(join(folder, 'unit.cfg'), 'Cwmp.PeriodicInformInterval=6543\n');
      const image = packFirmware({ product: '4102S', version: '49.2.2941', payload: Buffer.alloc(50_000, 7) });
      await writeFile(join(folder, '4102S.bin'), image);
      const options = Object.entries(OPTIONS).map(([code, text]) => `--dhcp-option=${code},${text}`);
      const lease = ['--dhcp-authoritative', '--dhcp-range=10.98.0.100,10.98.0.150,10m', '--leasefile-ro', ...options];
      start(
        ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--pid-file='],
        ...['--interface=s1', '--bind-interfaces', '--enable-tftp', `--tftp-root=${folder}`],
        ...(dhcp === 'dnsmasq' ? lease : []),
      );
      if (dhcp === 'dnsmasq') return;
      await writeFile(join(folder, 'kea.json'), kea(folder));
      start('kea-dhcp4', '-c', join(folder, 'kea.json'));
    });
    after(async () => {
      for (const child of children) {
        const gone = once(child, 'exit');
        if (child.exitCode === null && child.kill()) await gone;
      }
      await down();
      await rm(folder, { recursive: true, force: true });
    });

    it('runs the script of option 66 and the firmware of option 67, once', async () => {
      const words = ['netns', 'exec', CLIENT, process.execPath, '--import', 'tsx', unit, 'c1', '10.98.0.200'];
      const { stdout, stderr } = await run('ip', words);
      assert.deepEqual(JSON.parse(stdout), { interval: '6543', version: '49.2.2941' });
      assert.equal(stderr.split('firmware changed').length, 2);
    });
  });
}
