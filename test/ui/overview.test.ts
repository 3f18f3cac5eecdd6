// The overview, in Chromium.
import assert from 'node:assert/strict';
import { pagesSuite } from './support/pages-world.ts';
import { seedFleet } from './support/seeded-fleet.ts';

pagesSuite('the overview of the pages', pages => {
  it('shows the two ways to a device before there is one, then the first one live', async () => {
    const { world, open, complaints } = pages();
    const page = await open('/');
    await page.getByRole('heading', { name: 'No device yet' }).waitFor();
    await page.getByText('npm run cpe -- run').waitFor();
    await (await world.gateway()).boot();
    await page.getByText('Nothing needs attention since').waitFor({ timeout: 15_000 });
    assert.deepEqual(complaints(), []);
  });

  it('opens what needs someone by its digit, in the order of urgency', async () => {
    const { world, call, open, complaints } = pages();
    const faults = [{ cause: 'preset:wifi', code: 9005, parameter: 'Device.WiFi.SSID.2.SSID' }];
    await seedFleet(
      world.store,
      Array.from({ length: 40 }, (_, n) => ({ serial: `S${n}`, faults: n < 12 ? faults : [] })),
    );
    await call('PUT', '/alerts/few', { filter: 'firmware = "49.1.100"', above: 10, severity: 'critical' });
    const page = await open('/');
    const list = page.getByRole('region', { name: 'Needs attention' });
    await list.getByRole('link', { name: 'No such parameter on 12 devices' }).waitFor();
    const titles = await list.getByRole('heading', { level: 3 }).allTextContents();
    assert.match(titles[0] ?? '', /^few fires for 40 devices/);
    await page.keyboard.press('2');
    await page.waitForURL(/\/ui\/faults\?q=fault.cause/);
    assert.deepEqual(complaints(), []);
  });
});
