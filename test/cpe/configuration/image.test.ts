// Backup images and their restore: whole or not at all, and only on a unit that they fit.
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Gateway } from '../../../cpe/gateway.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { packFirmware } from '../../../shared/firmware.ts';
import { type Authority, createCa } from '../../../shared/pki/authority.ts';
import { CERTIFICATE, clock, faultOf, Gateways, random, set } from '../../support/cpe/gateways.ts';

const IMAGE = 'X 0090F8 Backup Image';
const SETTINGS = {
  'Cwmp.PeriodicInformInterval': '777',
  'Cwmp.Password': 'a secret text',
  'SipEp.Gateway[Name=default].Port': '5099',
};

describe('backup images', () => {
  let on: Gateways;
  let ca: Authority;
  before(async () => {
    ca = await createCa({ name: 'Test CA', key: 'ec', clock, random });
  });
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());

  const value = ({ device }: Gateway, name: string): string | undefined => device.config.variable(name);
  const restart = ({ device }: Gateway): Promise<void> => device.power.reboot({ reason: 'test' });
  /** A unit with settings, a row and a certificate, and its image. */
  const saved = async (more: Record<string, string> = {}): Promise<{ first: Gateway; image: Buffer }> => {
    const first = await on.up();
    await set(first, { ...SETTINGS, ...more });
    await first.device.install('3 Vendor Configuration File', Buffer.from('SipEp.InsertGateway Name=trunk\n'), '');
    await first.device.install(CERTIFICATE, Buffer.from(ca.cert), 'ca.crt');
    return { first, image: await first.device.export(IMAGE) };
  };

  it('restore settings, rows and certificates of the unit at its next start', async () => {
    const { first, image } = await saved();
    const second = await on.up();
    await set(second, { 'Cwmp.PeriodicInformInterval': '99', 'Cwmp.ListeningPort': '7000' });
    await second.device.state.record(facts => {
      facts.parameterKey = 'left by the ACS';
    });
    assert.deepEqual(await second.device.install(IMAGE, image, '', 'Image'), { status: 'reboot' });
    assert.equal(value(second, 'Cwmp.PeriodicInformInterval'), '99', 'nothing is changed before the restart');
    await restart(second);
    assert.deepEqual(second.device.config.stored(), first.device.config.stored());
    assert.equal(value(second, 'SipEp.Gateway[Name=trunk].Name'), 'trunk');
    assert.equal(second.device.tls('Cwmp').roots.length, first.device.tls('Cwmp').roots.length);
    assert.equal(value(second, 'Conf.ImageRestoreStatus'), 'Success');
    assert.equal(second.device.state.facts.parameterKey, '');
    await restart(second);
    assert.equal(value(second, 'Cwmp.PeriodicInformInterval'), '777');
  });

  it('leave certificates as they are where the image has none', async () => {
    const { image } = await saved({ 'Conf.ImageBackupContent': 'Config' });
    assert.ok(!image.includes(Buffer.from('"Config"')) || image.length < 4000);
    const second = await on.up();
    const other = await createCa({ name: 'Other CA', key: 'ec', clock, random });
    await second.device.install(CERTIFICATE, Buffer.from(other.cert), 'other.crt');
    await second.device.install(IMAGE, image, '', 'Image');
    await restart(second);
    assert.equal(value(second, 'Cwmp.PeriodicInformInterval'), '777');
    assert.equal(value(second, 'Cert.OthersCertificatesInfo[FileName=other.crt].IssuedTo'), 'Other CA');
    assert.equal(value(second, 'Cert.OthersCertificatesInfo[FileName=ca.crt].IssuedTo'), undefined);
  });

  it('are encrypted by a key, and refused with another or none', async () => {
    const key = { 'Conf.ImagePrivacyAlgo': 'DefaultAlgo', 'Conf.ImageSecretKey': 'a key' };
    const { image } = await saved(key);
    const second = await on.up();
    assert.match((await faultOf(second.device.install(IMAGE, image, '', 'Image'))).message, /no key is set/);
    await set(second, { 'Conf.ImageSecretKey': 'another' });
    assert.match((await faultOf(second.device.install(IMAGE, image, '', 'Image'))).message, /with this key/);
    await set(second, { 'Conf.ImageSecretKey': 'a key' });
    await second.device.install(IMAGE, image, '', 'Image');
    await restart(second);
    assert.equal(value(second, 'Cwmp.PeriodicInformInterval'), '777');
    await set(second, { 'Conf.ImageSecretKey': '' });
    assert.equal((await faultOf(second.device.export(IMAGE))).code, 9011);
  });

  it('are refused when altered in any byte, truncated, or of something else, and change nothing', async () => {
    const { image } = await saved();
    const second = await on.up();
    const before = second.device.config.stored();
    const seeded = seededRandom(7);
    for (let trial = 0; trial < 300; trial++) {
      const bad = Buffer.from(image);
      const place = trial < 250 ? trial : seeded.int(0, image.length - 1);
      bad[place] = (bad[place] ?? 0) ^ (1 << seeded.int(0, 7));
      assert.equal((await faultOf(second.device.install(IMAGE, bad, '', 'Image'))).code, 9018, `byte ${place}`);
    }
    for (const length of [0, 7, 12, 100, image.length - 1]) {
      const cut = image.subarray(0, length);
      assert.equal((await faultOf(second.device.install(IMAGE, cut, '', 'Image'))).code, 9018);
    }
    const pack = packFirmware({ product: '4102S', version: '49.1', payload: Buffer.alloc(9) });
    assert.match((await faultOf(second.device.install(IMAGE, pack, '', 'Image'))).message, /not a backup image/);
    await restart(second);
    assert.deepEqual(second.device.config.stored(), before);
    assert.equal(value(second, 'Conf.ImageRestoreStatus'), 'None');
  });

  it('are refused by another product and by older firmware, and taken by newer', async () => {
    const { first, image } = await saved();
    const { identity } = first.device;
    const other = await on.up({ identity: { ...identity, productClass: 'C711' } });
    assert.match(
      (await faultOf(other.device.install(IMAGE, image, '', 'Image'))).message,
      /of a 4102S, this unit is a C711/,
    );
    const older = await on.up({ softwareVersion: '48.4.9999' });
    assert.match((await faultOf(older.device.install(IMAGE, image, '', 'Image'))).message, /newer than 48\.4\.9999/);
    const newer = await on.up({ softwareVersion: '49.0.1' });
    assert.deepEqual(await newer.device.install(IMAGE, image, '', 'Image'), { status: 'reboot' });
    const future = Buffer.from(image);
    future.write('"format":2', 12 + '{'.length, 'latin1');
    assert.match(
      (await faultOf(newer.device.install(IMAGE, future, '', 'Image'))).message,
      /format 2, this unit reads 1/,
    );
  });

  it('are restored whole after a cut at any write', async () => {
    const { first, image } = await saved();
    const stateDir = join(on.directory, 'live');
    const second = await on.up({ stateDir });
    await set(second, { 'Cwmp.PeriodicInformInterval': '99' });
    const before = second.device.config.stored();
    const after = first.device.config.stored();
    const photos: string[] = [];
    const { persist } = second.device.state;
    const methods = persist as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const name of ['save', 'put', 'drop']) {
      const write = methods[name]?.bind(persist);
      methods[name] = async (...args) => {
        const result = await write?.(...args);
        const photo = join(on.directory, `photo-${photos.length}`);
        photos.push(photo);
        await cp(stateDir, photo, { recursive: true });
        return result;
      };
    }
    await second.device.install(IMAGE, image, '', 'Image');
    await restart(second);
    assert.ok(photos.length >= 5, `${photos.length} writes`);
    const outcomes: boolean[] = [];
    for (const photo of photos) {
      const gateway = await on.up({ stateDir: photo });
      const has = value(gateway, 'Cwmp.PeriodicInformInterval') === '777';
      assert.deepEqual(gateway.device.config.stored(), has ? after : before, photo);
      if (has) assert.equal(value(gateway, 'Cert.OthersCertificatesInfo[FileName=ca.crt].IssuedTo'), 'Test CA');
      outcomes.push(has);
      await gateway.powerOff();
    }
    assert.ok(outcomes.includes(false) && outcomes.at(-1));
  });
});
