// Where a unit fetches and leaves its own files, with which login, and what the installation of a pack does to the settings.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { packFirmware } from '../../../shared/firmware.ts';
import { FIRMWARE, Gateways, set } from '../../support/cpe/gateways.ts';
import { type ScriptedAcs, scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit } from '../../support/cpe/unit.ts';
import { eventually } from '../../support/eventually.ts';

const pack = packFirmware({ product: '4102S', version: '49.1.1', payload: Buffer.alloc(100, 7) });
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** True where the header is that of this login (RFC 2069, as no qop was asked for). */
function isOf(header: string | undefined, user: string, password: string): boolean {
  const expected = md5(`${md5(`${user}:files:${password}`)}:once:${md5('GET:/pack.bin')}`);
  return header?.includes(`username="${user}"`) === true && header.includes(`response="${expected}"`);
}

describe("places of a unit's own files", () => {
  let acs: ScriptedAcs;
  let files: ScriptedAcs;
  let unit: TestUnit;
  beforeEach(async () => {
    acs = await scriptedAcs();
    files = await scriptedAcs({ path: '/' });
  });
  afterEach(async () => {
    await unit.close();
    await acs.close();
    await files.close();
  });
  const boot = async (parameters: Record<string, string>): Promise<void> => {
    unit = await testUnit({ url: acs.url, parameters });
    await unit.boot();
  };
  const command = (name: string): Promise<boolean> => unit.gateway.device.services.runCommand(name);

  it('firmware: the login is MfpTransferUsername and MfpTransferPassword, unless the URL has one', async () => {
    await boot({
      'Fpu.MfpUrl': `http://127.0.0.1:${files.port}/pack.bin`,
      'Fpu.MfpTransferUsername': 'fetcher',
      'Fpu.MfpTransferPassword': 'of packs',
    });
    files.always(({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'WWW-Authenticate': 'Digest realm="files", nonce="once"' } }
        : { text: pack },
    );
    await command('fpu.install');
    await unit.until(() => unit.device.config.variable('Fpu.Status') === 'WaitingManualRestart');
    assert.ok(isOf(files.heard.at(-1)?.headers.authorization, 'fetcher', 'of packs'));
    const { config } = unit.device;
    const url = `http://own:login@127.0.0.1:${files.port}/pack.bin`;
    await config.set([{ name: config.pathOf('Fpu.MfpUrl') ?? '', value: url }], 'acs');
    const { length } = files.heard;
    await command('fpu.install');
    await eventually('the next transfer', () => files.heard.slice(length).some(heard => heard.headers.authorization));
    assert.ok(isOf(files.heard.at(-1)?.headers.authorization, 'own', 'login'));
  });

  it('images: ImageLocation is the directory of the file, with its macros', async () => {
    await boot({
      'Conf.ImageTransferProtocol': 'HTTP',
      'Conf.ImageTransferSrvHostname': `127.0.0.1:${files.port}`,
      'Conf.ImageLocation': 'units/%mac%',
      'Conf.ImageFileName': 'backup.img',
    });
    files.always({});
    await command('conf.backupimage');
    await eventually('the image', () => files.heard.some(({ body }) => body.length > 0));
    assert.equal(files.heard.at(-1)?.url, '/units/0090f8000001/backup.img');
  });
});

describe('installation of a pack', () => {
  it('returns to the factory settings with DefaultSettingsOnInstall, and else leaves them', async () => {
    for (const value of ['Disable', 'Enable']) {
      const on = await Gateways.open();
      const gateway = await on.up();
      const { device } = gateway;
      await set(gateway, { 'Hoc.SystemName': 'mine', 'Fpu.DefaultSettingsOnInstall': value });
      await device.install(FIRMWARE, pack, '');
      assert.equal(device.config.variable('Hoc.SystemName'), 'mine');
      await device.power.reboot({ reason: 'test' });
      assert.equal(device.softwareVersion, '49.1.1');
      assert.equal(device.config.variable('Hoc.SystemName') === 'mine', value === 'Disable');
      await on.close();
    }
  });
});
