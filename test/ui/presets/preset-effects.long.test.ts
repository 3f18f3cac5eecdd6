// The effects of a preset in the pages: other presets and overrides, and changes of many devices.
import assert from 'node:assert/strict';
import { pagesSuite } from '../support/pages-world.ts';
import { seededId, seedFleet } from '../support/seeded-fleet.ts';
import { dgws, editorOf, severity, textOf } from './preset-world.ts';

const COUNT = 300;

pagesSuite('the effects of a preset in the pages', pages => {
  before(async () => {
    const { world, call } = pages();
    const serials = Array.from({ length: COUNT }, (_, at) => String(1000 + at));
    await seedFleet(
      world.store,
      serials.map(serial => ({ serial })),
    );
    for (const serial of serials) await world.store.apply(seededId({ serial }), 'approved', { now: Date.now() });
    await call('PATCH', `/devices/${seededId({ serial: '1007' })}`, { overrides: { [severity]: 'Debug' } });
    await call('PUT', '/presets/heavy', { weight: 90, when: 'serial like "10%9"', set: { [severity]: 'Info' } });
    await call('PUT', '/presets/light', { weight: -1, set: { [severity]: 'Warning' } });
    await call('PUT', '/presets/tried', { when: dgws, set: { [severity]: 'Error' } });
  });

  it('name the presets and overrides that want other values, and who wins', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets/tried');
    const panel = page.getByRole('region', { name: 'Against other presets' });
    const told = async (term: string): Promise<string> =>
      await panel.locator('dt', { hasText: term }).locator('xpath=following-sibling::dd[1]').innerText();
    await panel.getByText('heavy').waitFor();
    assert.match(await told('heavy'), /MinSeverity\s+wins on 10 devices/);
    assert.match(await told('light'), /MinSeverity\s+loses on 300 devices/);
    assert.match(await told('Overrides'), /MinSeverity\s+wins on 1 device/);
    assert.deepEqual(complaints(), []);
  });

  it('show one of each kind, or the first devices with the number of the others', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets/tried');
    await editorOf(page).fill(textOf({ when: dgws, set: { [severity]: 'Critical' } }));
    const panel = page.getByRole('region', { name: 'What changes' });
    await panel.getByText(/^2\d\d devices, such as/).waitFor();
    await panel.getByRole('button', { name: /^By device/ }).press('Enter');
    await panel.getByRole('button', { name: 'Show all 200' }).press('Enter');
    await panel.getByText(/^\d+ devices more/).waitFor();
    assert.equal(await panel.locator('.kind').count(), 200);
    await panel.getByRole('link').first().press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Keep and leave' }).press('Enter');
    await page.waitForURL(/\/devices\/.*\/wanted$/);
    assert.deepEqual(complaints(), []);
  });
});
