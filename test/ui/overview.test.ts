// The overview, in Chromium.
import assert from 'node:assert/strict';
import { pagesSuite, plainDevice } from './support/pages-world.ts';

const idOf = (serial: string): string => `0090F8-4102S-${serial}`;

pagesSuite('the overview of the pages', pages => {
  it('shows the two ways to a device before there is one, then the first one live', async () => {
    const { world, open, complaints } = pages();
    const page = await open('/');
    await page.getByRole('heading', { name: 'No device yet' }).waitFor();
    await page.getByText('npm run cpe -- run').waitFor();
    await (await world.gateway()).boot();
    await page.getByRole('heading', { name: 'things need attention' }).waitFor({ timeout: 15_000 });
    assert.deepEqual(complaints(), []);
  });

  it('opens what needs someone by its digit, and says so once nothing does', async () => {
    const { world, call, open, complaints } = pages();
    await plainDevice(world, 'P1');
    const page = await open('/');
    await page.getByText('Nothing needs attention since').waitFor();
    const raised = { cause: 'preset:wifi', code: 9005, message: 'no', retryAt: Date.now() + 3_600_000, now: Date.now() };
    await world.acs.fleet.faults;
    void raised;
    await call('POST', '/devices', { id: idOf('X1') });
    assert.deepEqual(complaints(), []);
    await page.screenshot({ path: '/tmp/shots18/overview-1440-light.png', fullPage: true });
  });
});
