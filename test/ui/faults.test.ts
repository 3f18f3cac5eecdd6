// The faults in groups, in Chromium.
import assert from 'node:assert/strict';
import { pagesSuite } from './support/pages-world.ts';
import { type SeededDevice, seedFleet } from './support/seeded-fleet.ts';

const refused = { cause: 'preset:wifi-band', code: 9005, parameter: 'Device.WiFi.SSID.2.SSID' };

/** VR400 devices of three firmwares: those with 1.4.2 have the fault. */
const fleet = (count: number): SeededDevice[] =>
  Array.from({ length: count }, (_, n) => {
    const firmware = ['1.4.2', '2.0.1', '2.0.2'][n % 3] ?? '';
    const site = { name: ['Wels', 'Linz', 'Graz', 'Steyr'][n % 4] ?? '' };
    const about = { serial: `V${n}`, oui: '00AA02', productClass: 'VR400', firmware, site, address: `10.${n % 7}.0.9` };
    return { ...about, faults: firmware === '1.4.2' ? [refused] : [] };
  });

pagesSuite('the faults of the pages', pages => {
  it('names the planted cause first, and narrows the preset by it', async () => {
    const { world, call, open, complaints } = pages();
    await seedFleet(world.store, fleet(180));
    await call('PUT', '/presets/wifi-band', { when: 'productClass = "VR400"', set: {} });
    const page = await open('/faults');
    await page.getByRole('heading', { name: '60 faults in 1 group' }).waitFor();
    await page.locator('summary').press('Enter');
    await page.getByText('In common, against the 120 VR400 without it').waitFor();
    assert.equal(
      await page
        .locator('.hbar')
        .first()
        .innerText()
        .then(text => text.replaceAll(/\s+/g, ' ')),
      'firmware 1.4.2 60 of 60',
    );
    await page.getByRole('button', { name: 'Narrow wifi-band' }).click();
    await page.getByText('60 devices leave the preset').waitFor();
    await page.getByRole('button', { name: 'Narrow the preset' }).click();
    await page.getByText('wifi-band is narrowed').waitFor();
    assert.equal(
      (await call('GET', '/presets/wifi-band')).when,
      '(productClass = "VR400") and (not (firmware = "1.4.2"))',
    );
    assert.deepEqual(complaints(), []);
  });
});
