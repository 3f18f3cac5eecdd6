// The overview, in Chromium.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { World } from '../support/worlds/world.ts';
import { pagesSuite } from './support/pages-world.ts';
import { seededId, seedFleet } from './support/seeded-fleet.ts';

const HOUR_MS = 3_600_000;
const evil = '<img src=x onerror=alert(1)>';

/** Ten hours of the server's own metrics. */
function seedSeries({ acs }: World): void {
  for (let minute = 0; minute < 600; minute++)
    acs.fleet.overview.series.add(Date.now() - minute * 60_000, { informs: 2 + (minute % 7), sessionP95: 0.4 });
}

const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

pagesSuite('the overview of the pages', pages => {
  it('shows the two ways to a device before there is one, then the first one live', async () => {
    const { world, open, complaints } = pages();
    const page = await open('/');
    await page.getByRole('heading', { name: 'No device yet' }).waitFor();
    await page.getByRole('link', { name: 'Announce devices' }).waitFor();
    await page.getByRole('link', { name: 'Connect a gateway' }).press('Enter');
    await page.waitForURL(/\/ui\/connect$/);
    await page.goBack();
    await page.getByRole('heading', { name: 'No device yet' }).waitFor();
    await (await world.gateway()).boot();
    await page.getByText('Nothing needs attention since').waitFor({ timeout: 15_000 });
    assert.deepEqual(complaints(), []);
  });

  it('opens what needs someone by its digit, in the order of urgency', async () => {
    const { world, call, open, complaints } = pages();
    const faults = [{ cause: 'preset:wifi', code: 9005, parameter: 'Device.WiFi.SSID.2.SSID' }];
    await seedFleet(
      world.store,
      Array.from({ length: 40 }, (_, n) => ({
        serial: `S${n}`,
        site: { region: n % 4 === 0 ? 'north' : 'south' },
        faults: n < 12 ? faults : [],
        informed: n < 30 ? Date.now() : Date.now() - 24 * HOUR_MS,
      })),
    );
    await call('PUT', '/alerts/few', { filter: 'firmware = "49.1.100"', above: 10, severity: 'critical' });
    const page = await open('/');
    const list = panel(page, 'Needs attention');
    await list.getByRole('link', { name: 'No such parameter on 12 devices' }).waitFor();
    const titles = await list.getByRole('heading', { level: 3 }).allTextContents();
    assert.match(titles[0] ?? '', /^few fires for 40 devices/);
    await page.keyboard.press('2');
    await page.waitForURL(/\/ui\/faults\?q=fault.cause/);
    await page.getByRole('heading', { name: '12 faults in 1 group' }).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('links every number to the devices that it counts', async () => {
    const { open, complaints } = pages();
    const page = await open('/');
    await page.getByRole('link', { name: /^Lost 10/ }).click();
    await page.waitForURL(/\/ui\/devices\?q=lost/);
    await page.goBack();
    await page.getByRole('link', { name: /^Open faults 12/ }).click();
    await page.waitForURL(/\/ui\/faults$/);
    await page.goBack();
    await panel(page, 'Products and firmware')
      .getByRole('link', { name: /49\.1\.100/ })
      .click();
    await page.waitForURL(/productClass\+%3D\+%224102S%22\+and\+firmware/);
    assert.deepEqual(complaints(), []);
  });

  it('shows events as they come, and holds them still', async () => {
    const { world, open, complaints } = pages();
    const page = await open('/');
    const events = panel(page, 'Just now');
    const rows = events.getByRole('listitem');
    await events.getByText('Quiet so far').waitFor();
    await page.waitForFunction(() => document.querySelector('.live .ok') !== null);
    const back = async (serial: string): Promise<void> => {
      world.acs.events.emit('back', { device: seededId({ serial }), was: 'late' });
    };
    await back('S1');
    await rows.filter({ hasText: 'S1 came back' }).waitFor();
    await events.getByRole('button', { name: 'Hold still' }).press('Enter');
    await back('S2');
    await back('S3');
    await events.getByRole('button', { name: 'Go on, 2 wait' }).waitFor();
    assert.equal(await rows.count(), 1);
    await events.getByRole('button', { name: 'Go on' }).press('Enter');
    await rows.nth(2).waitFor();
    assert.match(await rows.first().innerText(), /S3 came back/);
    assert.deepEqual(complaints(), []);
  });

  it('shows the failure of one panel in it alone, with the old data, and tries again', async () => {
    const { world, open, complaints } = pages();
    seedSeries(world);
    const page = await open('/');
    await page.route('**/api/v1/devices/facets*', async route => {
      await route.fulfill({
        ...{ status: 503, contentType: 'application/problem+json' },
        body: JSON.stringify({ detail: `the store rests ${evil}`, code: 'store-busy', hint: 'Wait a minute.' }),
      });
    });
    await page.reload();
    const broken = panel(page, 'Products and firmware');
    await broken.getByRole('alert').getByText('Wait a minute.').waitFor();
    await panel(page, 'Informs and sessions')
      .getByRole('img', { name: /Session p95 at most/ })
      .waitFor();
    await page.locator('.plot canvas').waitFor();
    assert.equal(await page.getByRole('alert').count(), 1);
    await page.unroute('**/api/v1/devices/facets*');
    await broken.getByRole('button', { name: 'Try again' }).press('Enter');
    await broken.getByRole('link', { name: /49\.1\.100/ }).waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
    assert.deepEqual(
      complaints().filter(text => !text.includes('503')),
      [],
    );
  });

  it('waits for an answer that takes longer than the pause between two', async () => {
    const { open, complaints } = pages();
    const page = await open('/');
    await page.route('**/api/v1/attention', async route => {
      await new Promise(resolve => setTimeout(resolve, 6000));
      await route.continue();
    });
    await page.reload();
    await panel(page, 'Needs attention').getByRole('listitem').first().waitFor({ timeout: 9000 });
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    assert.deepEqual(complaints(), []);
  });

  it('shows a viewer of a region its counts alone, and what devices say as text', async () => {
    const { world, call, open, complaints } = pages();
    await seedFleet(world.store, [
      {
        serial: 'E1',
        firmware: evil,
        productClass: 'Evil',
        site: { region: 'north' },
        faults: [{ cause: evil, code: evil }],
      },
    ]);
    await call('POST', '/jobs', {
      name: evil,
      devices: { filter: 'online' },
      do: [{ task: { method: 'Reboot' } }],
      parallelism: 1,
    });
    const page = await open('/', { role: 'viewer', filter: 'site.region = "north"' });
    await page.getByText('11 devices, 11 of them enrolled').waitFor();
    await panel(page, 'Needs attention').getByText('onerror').first().waitFor();
    await panel(page, 'Products and firmware').getByText('onerror').waitFor();
    assert.equal(await page.getByRole('link', { name: /^Alerts \d/ }).count(), 0);
    assert.equal(await page.getByText('few fires').count(), 0);
    const all = await open('/');
    await panel(all, 'Rollouts').getByText(evil).waitFor();
    await panel(all, 'Rollouts').getByRole('img').first().waitFor();
    for (const each of [page, all]) assert.equal(await each.locator('img').count(), 0);
    assert.deepEqual(complaints(), []);
  });

  it('fits 320 pixels in German and in the dark', async () => {
    const { world, open, complaints } = pages();
    seedSeries(world);
    const page = await open('/', { width: 320, theme: 'dark', locale: 'de' });
    await page.getByRole('heading', { name: 'Braucht Aufmerksamkeit' }).waitFor();
    await page.locator('.plot canvas').waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    assert.deepEqual(complaints(), []);
  });
});
