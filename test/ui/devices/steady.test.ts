// The list of devices in Chromium stands still: nothing moves once its first rows are there, on screens of any width.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { pagesSuite } from '../support/pages-world.ts';
import { seedDevices } from '../support/seeded-devices.ts';

/** Notes what moves after the first row, but for what the reader asked for. */
const watchShifts = async (page: Page): Promise<void> => {
  await page.addInitScript(`
    globalThis.shifts = [];
    let areRowsThere = false;
    new MutationObserver(() => { areRowsThere ||= document.querySelector('tbody th a') !== null; })
      .observe(document, { childList: true, subtree: true });
    new PerformanceObserver(list => {
      for (const { value, hadRecentInput, sources } of list.getEntries())
        if (areRowsThere && !hadRecentInput)
          globalThis.shifts.push(value.toFixed(4) + ' ' + sources.map(({ node }) => node?.className || node?.nodeName).join());
    }).observe({ type: 'layout-shift', buffered: true });`);
};

pagesSuite('the list of devices while it is looked at', pages => {
  before(async () => await seedDevices(pages().world, 300));

  for (const width of [1920, 1440])
    it(`has no layout shift after its first rows, and no scrolling to the side, at ${width} px`, async () => {
      const page = await pages().open('/devices', { width, height: 1080 });
      await watchShifts(page);
      await page.reload();
      await page.locator('tbody th a').first().waitFor();
      await page.getByRole('button', { name: /in others, type to find/ }).waitFor();
      await page.getByRole('link', { name: /^Lost \d/ }).waitFor();
      await page.getByRole('button', { name: 'Copy as curl' }).waitFor();
      const shifts = (await page.evaluate('globalThis.shifts')) as string[];
      // The chips of views grow by their numbers, which is a ten-thousandth.
      const sum = shifts.reduce((all, shift) => all + Number.parseFloat(shift), 0);
      assert.ok(sum < 0.001, shifts.join());
      const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.equal(wide, inner);
      assert.deepEqual(pages().complaints(), []);
    });
});
