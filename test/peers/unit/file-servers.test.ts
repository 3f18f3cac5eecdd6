// The unit's own transfers at servers of other makers: the TFTP server of dnsmasq, and pyftpdlib.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packFirmware } from '../../../shared/firmware.ts';
import { scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit } from '../../support/cpe/unit.ts';
import { eventually } from '../../support/eventually.ts';
import { peerSuite, run } from '../../support/servers/peers.ts';

/** An address of loopback for the TFTP server, whose port is fixed. */
const TFTP = '127.0.0.69';

const ftpServer = `
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
authorizer = DummyAuthorizer()
authorizer.add_user('unit', 'pass word', sys.argv[2], perm='elrw')
FTPHandler.authorizer = authorizer
FTPServer(('127.0.0.1', int(sys.argv[1])), FTPHandler).serve_forever()
`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill();
  await gone;
}

describe('own transfers of a unit', () => {
  let folder: string;
  let unit: TestUnit | undefined;
  const servers: ChildProcess[] = [];
  let port = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unit-files-'));
  });
  afterEach(async () => {
    await unit?.close();
    unit = undefined;
  });
  after(async () => {
    for (const server of servers) await end(server);
    await rm(folder, { recursive: true, force: true });
  });

  const boot = async (parameters: Record<string, string>): Promise<TestUnit> => {
    const acs = await scriptedAcs();
    unit = await testUnit({ url: acs.url, parameters });
    const { close } = unit;
    unit.close = async () => {
      await close();
      await acs.close();
    };
    await unit.boot();
    return unit;
  };
  const dnsmasq = async (): Promise<void> => {
    await writeFile(join(folder, 'unit.cfg'), `Cwmp.PeriodicInformInterval=4321\n${'# filling\n'.repeat(20_000)}`);
    const pack = packFirmware({ product: '4102S', version: '49.2.2941', payload: Buffer.alloc(300_000, 7) });
    await writeFile(join(folder, 'pack.bin'), pack);
    const words = ['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--pid-file='];
    const tftp = ['--enable-tftp', `--tftp-root=${folder}`, `--listen-address=${TFTP}`, '--bind-interfaces'];
    servers.push(spawn('dnsmasq', [...words, ...tftp], { stdio: 'ignore' }));
  };
  /** @returns false where the library is not there */
  const pyftpdlib = async (): Promise<boolean> => {
    if (port > 0) return true;
    if (!(await succeeds(run('python3', ['-c', 'import pyftpdlib'])))) return false;
    port = await freePort();
    servers.push(spawn('python3', ['-W', 'ignore', '-c', ftpServer, String(port), folder], { stdio: 'ignore' }));
    const url = `ftp://unit:pass%20word@127.0.0.1:${port}/`;
    await eventually('the FTP server', () => succeeds(run('curl', ['-s', url])));
    return true;
  };
  const value = (name: string): string | undefined => unit?.device.config.variable(name);
  const command = (name: string): Promise<boolean> => unit?.gateway.device.services.runCommand(name) ?? assert.fail();

  peerSuite('over TFTP of dnsmasq', { programs: ['dnsmasq'], root: true }, () => {
    it('fetches and runs a script of 200 KB, and shows what is missing', async () => {
      await dnsmasq();
      await boot({
        'Conf.ScriptsTransferOnRestartEnable': 'Enable',
        'Conf.ScriptsTransferProtocol': 'Tftp',
        'Conf.ScriptGenericFileName': 'unit.cfg',
        'Conf.ScriptsTransferSrvHostname': TFTP,
      });
      await eventually('the script', () => value('Cwmp.PeriodicInformInterval') === '4321');
      await eventually('its result', () => value('Conf.ScriptsStatsLastTransferResult') === 'Success');
      const { config } = unit?.device ?? assert.fail();
      await config.set([{ name: config.pathOf('Conf.ScriptGenericFileName') ?? '', value: 'none.cfg' }], 'acs');
      await command('conf.configuredscriptstransferandrun');
      await eventually('the failure', () => value('Conf.ScriptsStatsLastTransferResult') === 'TransferFailed');
    });

    it('installs a firmware pack, and runs it when the unit restarts', async () => {
      await boot({ 'Fpu.MfpUrl': `tftp://${TFTP}/pack.bin` });
      await command('fpu.install');
      await eventually('the pack', () => value('Fpu.Status') === 'WaitingManualRestart');
      assert.equal(unit?.device.softwareVersion, '48.5.2718');
      await unit?.device.power.reboot({ reason: 'test' });
      assert.equal(unit?.device.softwareVersion, '49.2.2941');
    });
  });

  peerSuite('over FTP of pyftpdlib', { programs: ['python3', 'curl', 'openssl'] }, () => {
    const image = (more: Record<string, string> = {}): Record<string, string> => ({
      'Conf.ImageTransferProtocol': 'Ftp',
      'Conf.ImageTransferSrvHostname': `127.0.0.1:${port}`,
      'Conf.ImageTransferUsername': 'unit',
      'Conf.ImageTransferPassword': 'pass word',
      'Conf.ImageFileName': '%mac%.img',
      ...more,
    });

    it('backs its image up with user and password, and restores it', async function () {
      if (!(await pyftpdlib())) this.skip();
      const { device } = await boot(image());
      const set = (name: string, text: string) =>
        device.config.set([{ name: device.config.pathOf(name) ?? '', value: text }], 'acs');
      await set('Cwmp.PeriodicInformInterval', '777');
      await command('conf.backupimage');
      await eventually('the backup', () => value('Conf.ImageBackupStatus') === 'Success');
      assert.ok((await readFile(join(folder, '0090f8000001.img'))).subarray(0, 8).equals(Buffer.from('TANDEMBK')));
      await set('Cwmp.PeriodicInformInterval', '888');
      await command('conf.restoreimage');
      await eventually('the restore', () => value('Conf.ImageRestoreStatus') === 'Success');
      assert.equal(value('Cwmp.PeriodicInformInterval'), '777');
    });

    it('exports its script, and says why a transfer fails', async function () {
      if (!(await pyftpdlib())) this.skip();
      await boot(image({ 'Conf.ScriptExportUrl': `ftp://unit:pass%20word@127.0.0.1:${port}/%serial%.cfg` }));
      await command('conf.exportscript');
      await eventually('the export', () => value('Conf.ScriptsStatsLastExportResult') === 'Success');
      assert.match(await readFile(join(folder, '0090f8000001.cfg'), 'utf8'), /ImageTransferProtocol|END/);
      const { config } = unit?.device ?? assert.fail();
      await config.set([{ name: config.pathOf('Conf.ImageTransferPassword') ?? '', value: 'wrong' }], 'acs');
      await command('conf.backupimage');
      await eventually('the refusal', () => value('Conf.ImageBackupStatus') === 'Failed', 15_000);
    });

    it('decrypts a script that openssl encrypted, and refuses another key', async function () {
      if (!(await pyftpdlib())) this.skip();
      const plain = Buffer.from('Cwmp.PeriodicInformInterval=5432\n');
      const md5 = createHash('md5').update(plain).digest('hex');
      await writeFile(join(folder, 'plain'), Buffer.concat([Buffer.from(`# MD5 ${md5}\n`), plain]));
      const words = ['enc', '-aes-256-cbc', '-pbkdf2', '-salt', '-pass', 'pass:a key'];
      await run('openssl', [...words, '-in', join(folder, 'plain'), '-out', join(folder, 'sealed.cfg')]);
      await boot({
        'Conf.ScriptsTransferProtocol': 'Ftp',
        'Conf.ScriptGenericFileName': 'sealed.cfg',
        'Conf.ScriptsTransferSrvHostname': `127.0.0.1:${port}`,
        'Conf.ScriptsTransferUsername': 'unit',
        'Conf.ScriptsTransferPassword': 'pass word',
        'Conf.ScriptsSecretKey': 'another',
      });
      await command('conf.configuredscriptstransferandrun');
      await eventually('the refusal', () => value('Conf.ScriptsStatsLastTransferResult') === 'ExecutionFailed');
      const { config } = unit?.device ?? assert.fail();
      await config.set([{ name: config.pathOf('Conf.ScriptsSecretKey') ?? '', value: 'a key' }], 'acs');
      await command('conf.configuredscriptstransferandrun');
      await eventually('the script', () => value('Cwmp.PeriodicInformInterval') === '5432');
    });
  });
});
