// The faults in groups, in Chromium.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { pagesSuite } from './support/pages-world.ts';
import { type SeededDevice, seededId, seedFleet } from './support/seeded-fleet.ts';

const refused = { cause: 'preset:wifi-band', code: 9005, parameter: 'Device.WiFi.SSID.2.SSID' };
const evil = '<img src=x onerror=alert(1)>';

/** Devices of three firmwares, four sites and seven address ranges, none of which goes with another. */
const fleet = (count: number, isFaulty: (device: SeededDevice) => boolean): SeededDevice[] =>
  Array.from({ length: count }, (_, n) => {
    const firmware = ['1.4.2', '2.0.1', '2.0.2'][n % 3] ?? '';
    const site = { name: ['Wels', 'Linz', 'Graz', 'Steyr'][n % 4] ?? '' };
    const about = { serial: `V${n}`, oui: '00AA02', productClass: 'VR400', firmware, site };
    const device = { ...about, address: `10.24.${n % 7}.${n % 200}` };
    return { ...device, faults: isFaulty(device) ? [refused] : [] };
  });

/** The first value that the open group has in common, as it is read. */
const firstInCommon = async (page: Page): Promise<string> =>
  (await page.locator('.hbar').first().innerText()).replaceAll(/\s+/g, ' ');

pagesSuite('the faults of the pages', pages => {
  it('says so where there are none', async () => {
    const { open, complaints } = pages();
    const page = await open('/faults', { role: 'viewer' });
    await page.getByRole('heading', { name: 'No faults' }).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('names the planted firmware first, and narrows the preset by it', async () => {
    const { world, call, open, complaints } = pages();
    await seedFleet(
      world.store,
      fleet(180, ({ firmware }) => firmware === '1.4.2'),
    );
    await call('PUT', '/presets/wifi-band', { when: 'productClass = "VR400"', set: {} });
    const page = await open('/faults');
    await page.getByRole('heading', { name: '60 faults in 1 group' }).waitFor();
    await page.locator('summary').press('Enter');
    await page.getByText('In common, against the 120 VR400 without it').waitFor();
    assert.equal(await firstInCommon(page), 'firmware 1.4.2 60 of 60');
    const narrow = page.getByRole('button', { name: 'Narrow wifi-band' });
    await narrow.and(page.locator('.primary')).waitFor();
    await call('PUT', '/presets/wifi-band', { when: 'firmware = "1.4.2"', set: {} });
    await page.reload();
    await narrow.press('Enter');
    await page.getByText('It would have no device left.').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await narrow.and(page.locator('.primary')).count(), 0);
    await call('PUT', '/presets/wifi-band', { when: 'productClass = "VR400"', set: {} });
    await narrow.press('Enter');
    await page.getByText('60 devices leave the preset').waitFor();
    await page.getByRole('button', { name: 'Narrow the preset' }).press('Enter');
    await page.getByText('wifi-band is narrowed').waitFor();
    assert.equal(
      (await call('GET', '/presets/wifi-band')).when,
      '(productClass = "VR400") and (not (firmware = "1.4.2"))',
    );
    assert.deepEqual(complaints(), []);
  });

  it('names a planted site and a planted range of addresses first', async () => {
    const { world, open, complaints } = pages();
    const at = Date.now();
    const raise = async (device: SeededDevice, cause: string, code: number): Promise<void> => {
      await world.store.apply(seededId(device), 'faultRaised', { cause, code, message: 'no', retryAt: at, now: at });
    };
    for (const device of fleet(180, () => false)) {
      if (device.site?.name === 'Graz') await raise(device, 'task:a', 9002);
      if (device.address?.startsWith('10.24.3.')) await raise(device, 'task:b', 9015);
    }
    const page = await open('/faults');
    await page.locator('summary', { hasText: 'Internal error of the device' }).press('Enter');
    await page.getByText('In common').waitFor();
    assert.equal(await firstInCommon(page), 'site.name Graz 45 of 45');
    await page.locator('summary', { hasText: 'The file server is not reached' }).press('Enter');
    await page.locator('.hbar', { hasText: 'addresses' }).first().waitFor();
    assert.equal(await firstInCommon(page), 'addresses 10.24.3.0/24 26 of 26');
    assert.equal(await page.locator('details[open]').count(), 1);
    assert.deepEqual(complaints(), []);
  });

  it('tries a group again by the keyboard alone', async () => {
    const { call, open, complaints } = pages();
    const page = await open('/faults?q=site.name%20%3D%20%22Graz%22');
    const group = page.locator('details', { hasText: 'Internal error of the device' });
    await group.locator('summary').press('Enter');
    await group.getByRole('button', { name: 'Try 45 again' }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).press('Enter');
    await page.getByText('45 faults cleared; their devices try again').waitFor();
    assert.equal((await call('GET', '/faults?filter=fault.code%20%3D%20%229002%22&count=true')).total, 0);
    assert.deepEqual(complaints(), []);
  });

  it('keeps groups in their places while counts change, until the reader asks', async () => {
    const { world, open, complaints } = pages();
    const page = await open('/faults');
    const counts = page.locator('summary .n');
    await page.locator('summary').nth(1).waitFor();
    assert.deepEqual(await counts.allInnerTexts(), ['60', '26']);
    const added = Array.from({ length: 70 }, (_, n) => ({
      serial: `N${n}`,
      faults: [{ cause: 'task:b', code: 9015 }],
    }));
    const strange = { serial: 'X', faults: [{ cause: `preset:${evil}`, code: evil, message: evil }] };
    await seedFleet(world.store, [...added, strange]);
    await page.getByText('are new or have moved').waitFor({ timeout: 15_000 });
    assert.deepEqual(await counts.allInnerTexts(), ['60', '96']);
    await page.getByRole('button', { name: 'Show' }).click();
    await page.locator('summary').nth(2).waitFor();
    assert.deepEqual(await counts.allInnerTexts(), ['96', '60', '1']);
    await page.locator('summary', { hasText: 'onerror' }).press('Enter');
    await page.getByText('First ones').waitFor();
    assert.equal(await page.locator('main img').count(), 0);
    assert.deepEqual(complaints(), []);
  });

  it('mutes a group until a time, and shows it again', async () => {
    const { open, complaints } = pages();
    const page = await open('/faults');
    await page.locator('summary', { hasText: 'No such parameter' }).press('Enter');
    await page.getByRole('button', { name: 'Mute…' }).press('Enter');
    await page.getByLabel('Until').selectOption('in a day');
    await page.getByRole('dialog').getByRole('button', { name: 'Mute' }).press('Enter');
    await page.locator('summary', { hasText: 'No such parameter' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Muted 60' }).press('Enter');
    await page.locator('summary', { hasText: 'muted until' }).waitFor();
    await page.getByRole('button', { name: 'Unmute' }).press('Enter');
    await page.getByRole('heading', { name: 'No fault fits' }).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('keeps the groups while the filter cannot be read, and groups by a site', async () => {
    const { open, complaints } = pages();
    const page = await open('/faults');
    await page.locator('summary').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('firmware = = 3');
    await page.locator('.filter textarea[aria-invalid="true"]').waitFor();
    assert.equal(await page.locator('summary').count(), 3);
    await page.locator('.filter textarea').fill('firmware = "1.4.2"');
    await page.getByRole('heading', { name: /^\d+ faults in 2 groups/ }).waitFor();
    await page.getByLabel('Group by').selectOption('site');
    await page.locator('summary', { hasText: 'Wels' }).waitFor();
    assert.match(page.url(), /by=site\.name/);
    assert.deepEqual(complaints(), []);
  });

  it('shows of an open group what the filter leaves', async () => {
    const { open, complaints } = pages();
    const page = await open(`/faults?q=${encodeURIComponent('firmware = "1.4.2"')}`);
    await page.locator('summary').first().press('Enter');
    const sites = page.locator('.fgroup tbody td:nth-child(2)');
    await sites.nth(3).waitFor();
    assert.notDeepEqual(new Set(await sites.allTextContents()), new Set(['Graz']));
    await page.keyboard.press('/');
    await page.locator('.filter textarea').fill('firmware = "1.4.2" and site.name = "Graz"');
    await eventually(
      'only devices of the filter are shown',
      async () => (await sites.allTextContents()).join() === 'Graz,Graz,Graz,Graz',
    );
    await page.locator('.hbar', { hasText: 'site.name Graz' }).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('shows a viewer all of it without what he may not do', async () => {
    const { open, complaints } = pages();
    const page = await open('/faults?kind=today', { role: 'viewer', filter: 'site.name = "Wels"' });
    await page.getByRole('heading', { name: /^\d+ faults in 2 groups/ }).waitFor();
    const title = await page.getByRole('heading', { level: 1 }).innerText();
    await page.locator('summary', { hasText: 'No such parameter' }).press('Enter');
    await page.getByText('In common').waitFor();
    assert.equal(await page.getByRole('button', { name: 'again' }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Narrow' }).count(), 0);
    const csv = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
    const lines = (await (await page.request.get(new URL(String(csv), page.url()).href)).text()).trim().split('\r\n');
    assert.equal(`${lines.length - 1} faults in 2 groups`, title);
    assert.deepEqual(complaints(), []);
  });
});
