// The parameters, the wanted values and the sessions of a device at work, by axe-core: themes, widths, languages.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { done } from '../../support/worlds/world.ts';
import { axeFaults } from '../support/axe.ts';
import { pagesSuite, type User } from '../support/pages-world.ts';
import { editValue, readGateway, tabOf } from '../support/read-gateway.ts';

const CWMP = 'Device.X_0090F8_Cwmp.';

const readers: readonly (User & { name: string })[] = [
  { name: 'light and wide', theme: 'light' },
  { name: 'dark and 400 px', theme: 'dark', width: 400 },
  { name: 'German and 320 px', locale: 'de', width: 320 },
];

/** Elements that make the page itself scroll sideways. */
const tooWide = async (page: Page): Promise<string[]> =>
  await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const all = [...document.querySelectorAll('main *')];
    return all
      .filter(each => each.getBoundingClientRect().right > clientWidth)
      .map(each => each.outerHTML.slice(0, 120));
  });

pagesSuite('parts of a device at work in the pages', pages => {
  let id: string;
  before(async function () {
    this.timeout(60_000);
    const { world, call } = pages();
    id = await readGateway(pages());
    await call('PUT', '/presets/log', { set: { 'Device.X_0090F8_SipEp.MinSeverity': 'Error' } });
    await call('PUT', `/devices/${id}/trace`, { on: true });
    const ParameterList = { [`${CWMP}MinSeverity`]: 'Bogus' };
    await done(world, id, { method: 'SetParameterValues', args: { ParameterList } });
  });

  for (const { name, ...user } of readers)
    it(`have no fault of accessibility when they are ${name}`, async () => {
      const { open, base, complaints } = pages();
      const page = await open(tabOf(id, 'parameters'), user);
      await editValue(page, `${CWMP}PeriodicInformInterval`);
      await page.getByRole('textbox', { name: 'PeriodicInformInterval' }).fill('0');
      await page.keyboard.press('Enter');
      assert.deepEqual(await axeFaults(page), []);
      assert.deepEqual(await tooWide(page), []);
      await page.goto(`${base}/ui${tabOf(id, 'wanted')}`);
      await page.getByRole('link', { name: 'Device.X_0090F8_SipEp.MinSeverity' }).waitFor();
      assert.deepEqual(await axeFaults(page), []);
      assert.deepEqual(await tooWide(page), []);
      await page.goto(`${base}/ui${tabOf(id, 'sessions')}`);
      await page.locator('pre').first().waitFor();
      assert.deepEqual(await axeFaults(page), []);
      assert.deepEqual(await tooWide(page), []);
      assert.deepEqual(complaints(), []);
    });
});
