// The screen of a device, in Chromium: its head, its tabs, its summary.
import assert from 'node:assert/strict';
import { pagesSuite } from './support/pages-world.ts';

const DGW = '/devices/0090F8-4102S-0090F8000001';

pagesSuite('the screen of a device', pages => {
  it('shows a gateway, wakes it by a key and tells what comes of it', async () => {
    const { world, open, complaints } = pages();
    await (await world.gateway()).boot();
    const page = await open(`${DGW}/summary`);
    await page.getByRole('heading', { level: 1, name: '0090F8000001' }).waitFor();
    await page.getByText('Online', { exact: true }).waitFor();
    await page.keyboard.press('w');
    await page.getByText(/0090F8000001 has informed, .* after/).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('leads from an id that is not there to the nearest one', async () => {
    const { world, open, complaints } = pages();
    await (await world.gateway({ serial: '0090F8000002' })).boot();
    const page = await open('/devices/0090F8-4102S-0090F80000029/summary');
    await page.getByRole('heading', { name: 'No device has this id' }).waitFor();
    await page.getByRole('link', { name: '0090F8-4102S-0090F8000002' }).click();
    await page.getByRole('heading', { level: 1, name: '0090F8000002' }).waitFor();
    const refused = complaints();
    assert.ok(
      refused.every(text => text.includes('404')),
      refused.join(),
    );
  });
});
