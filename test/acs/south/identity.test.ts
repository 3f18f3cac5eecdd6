// The identity that an Inform claims: what identifies a device is held to the lengths and forms of TR-069 A.3.3.1.
import assert from 'node:assert/strict';
import { decodeEnvelope, encodeEnvelope } from '../../../shared/cwmp/soap.ts';
import { type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';

type DeviceId = Partial<Record<'Manufacturer' | 'OUI' | 'ProductClass' | 'SerialNumber', string>>;

/** An Inform as a device writes it: the encoder would hold the lengths. */
function informWith(cpe: ScriptedCpe, given: DeviceId): string {
  const fields = { Manufacturer: 'M', OUI: '0090F8', ProductClass: '4102S', SerialNumber: '1', ...given };
  return encodeEnvelope(cpe.inform()).replace(
    /<DeviceId>.*<\/DeviceId>/,
    `<DeviceId>${Object.entries(fields)
      .map(([name, value]) => `<${name}>${value}</${name}>`)
      .join('')}</DeviceId>`,
  );
}

const ids = async (acs: TestAcs): Promise<string[]> => {
  const { items } = await acs.fleet.devices.list({ limit: 100 });
  return items.map(({ view }) => String(view.id)).sort();
};

describe('identity of an Inform', () => {
  let acs: TestAcs;
  afterEach(async () => await acs.close());

  const refused: [string, DeviceId][] = [
    ['an OUI that is markup', { OUI: '!DOCTYPE a' }],
    ['an OUI of 24 digits', { OUI: '0090F8'.repeat(4) }],
    ['an empty OUI', { OUI: ' ' }],
    ['an empty serial number', { SerialNumber: '' }],
    ['a serial number of white space', { SerialNumber: ' \n\t ' }],
    ['a serial number of 65 characters', { SerialNumber: 'x'.repeat(65) }],
    ['a product class of 65 characters', { ProductClass: 'x'.repeat(65) }],
  ];
  for (const [name, given] of refused) {
    it(`A2: refuses ${name} with 8003`, async () => {
      acs = await testAcs({ cpeAuth: 'none', enrol: 'auto' });
      const answer = await new ScriptedCpe(acs.app).raw(informWith(new ScriptedCpe(acs.app), given));
      const body = answer.envelope?.body;
      assert.equal(body?.kind === 'fault' && body.fault.code, 8003);
      assert.deepEqual(await ids(acs), []);
    });
  }

  const normalised: [string, DeviceId][] = [
    ['lower case', { OUI: '0090f8' }],
    ['colons', { OUI: '00:90:F8' }],
    ['dashes', { OUI: '00-90-f8' }],
    ['white space', { OUI: ' 0090F8\n', SerialNumber: '\n1 ', ProductClass: ' 4102S ' }],
  ];
  for (const [name, given] of normalised) {
    it(`A2: takes an identity with ${name} for the same device`, async () => {
      acs = await testAcs({ cpeAuth: 'none', enrol: 'auto' });
      for (const identity of [{}, given]) {
        const cpe = new ScriptedCpe(acs.app);
        assert.equal((await cpe.raw(informWith(cpe, identity))).envelope?.body.kind, 'response');
        await cpe.post(undefined);
      }
      assert.deepEqual(await ids(acs), ['0090F8-4102S-1']);
      assert.equal((await acs.fleet.devices.view('0090F8-4102S-1')).oui, '0090F8');
    });
  }

  it('A2: lists no unknown CPE without an identity, and approves the identity that was heard', async () => {
    acs = await testAcs();
    const cpe = new ScriptedCpe(acs.app);
    for (const given of [...refused.map(([, one]) => one), { OUI: '00:90:f8', Manufacturer: 'Heard & Co' }])
      assert.equal((await cpe.raw(informWith(cpe, given).replace('&', '&amp;'))).status, 401);
    const [heard, ...more] = acs.fleet.enrolment.unknownCpes.list();
    assert.deepEqual(more, []);
    assert.equal(heard?.device, '0090F8-4102S-1');
    await acs.fleet.enrolment.approve(heard.device);
    const { manufacturer, oui, serialNumber } = await acs.fleet.devices.view(heard.device);
    assert.deepEqual(
      { manufacturer, oui, serialNumber },
      { manufacturer: 'Heard & Co', oui: '0090F8', serialNumber: '1' },
    );
  });

  it('A2: keeps the manufacturer within 64 characters', async () => {
    acs = await testAcs({ cpeAuth: 'none', enrol: 'auto' });
    const cpe = new ScriptedCpe(acs.app);
    const xml = informWith(cpe, { Manufacturer: 'x'.repeat(1000) });
    assert.equal(decodeEnvelope(xml).body.kind, 'request');
    await cpe.raw(xml);
    assert.equal((await acs.fleet.devices.view('0090F8-4102S-1')).manufacturer.length, 64);
  });
});
