// The states of the list of devices, as axe-core judges them: completion, drawer, dialogs, nothing found; and where the list leads to.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { axeFaults } from '../support/axe.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { seedDevices } from '../support/seeded-devices.ts';

pagesSuite('states of the list of devices', pages => {
  before(async () => {
    await seedDevices(pages().world, 250);
  });

  const opened = async (filter: string, user = {}): Promise<Page> => {
    const page = await pages().open(`/devices?q=${encodeURIComponent(filter)}`, user);
    await page.locator('tbody th a').first().waitFor();
    await page.getByRole('button', { name: 'Act on all that match' }).waitFor();
    return page;
  };

  for (const theme of ['light', 'dark'] as const)
    it(`have no violation while the filter is typed, with a drawer, and in dialogs: ${theme}`, async () => {
      const page = await opened('', { theme });
      await page.getByRole('textbox', { name: 'Filter' }).fill('site.name = "V');
      await page.getByRole('option', { name: /"Villach"/ }).waitFor();
      assert.deepEqual(await axeFaults(page), []);
      await page.getByRole('textbox', { name: 'Filter' }).fill('tag = "fax" and nothing < 1');
      await page.getByText(/^Column 17/).waitFor();
      assert.deepEqual(await axeFaults(page), []);
      await page.getByRole('button', { name: 'Clear the filter' }).click();
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.keyboard.press('j');
      await page.keyboard.press(' ');
      await page.getByRole('complementary', { name: 'The device of the row' }).getByText('Manufacturer').waitFor();
      assert.deepEqual(await axeFaults(page), []);
      await page.keyboard.press('Escape');
      for (const name of ['Columns', 'Announce', 'Save view']) {
        await page.getByRole('button', { name }).click();
        await page.getByRole('dialog').waitFor();
        assert.deepEqual(await axeFaults(page), []);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      await page.getByRole('button', { name: 'Set values…' }).click();
      await page.getByRole('dialog').waitFor();
      assert.deepEqual(await axeFaults(page), []);
      assert.deepEqual(pages().complaints(), []);
    });

  it('lead to a preset and to an alert that begin with the filter', async () => {
    const page = await opened('tag = "fax"');
    await page.keyboard.press('a');
    await page.getByRole('menuitem', { name: 'Make a preset…' }).press('Enter');
    await page.waitForURL(/\/ui\/presets\?new=/);
    await page.getByRole('dialog').getByRole('textbox').fill('of-fax');
    await page.keyboard.press('Enter');
    await page.getByText('tag = \\"fax\\"').first().waitFor();
    await page.goto(`${pages().base}/ui/devices?q=tag+%3D+%22fax%22`);
    await page.getByRole('button', { name: 'Act on all that match' }).click();
    await page.getByRole('menuitem', { name: 'Make an alert…' }).press('Enter');
    await page.waitForURL(/\/ui\/alerts\?new=/);
    await page.getByRole('dialog').waitFor();
    // A preset that is new is looked for, and not there.
    assert.ok(
      pages()
        .complaints()
        .every(text => /404/.test(text)),
    );
  });

  it('show German texts whole, at 320 pixels too', async () => {
    const page = await pages().open('/devices', { locale: 'de-AT', width: 320, height: 700 });
    await page.getByRole('heading', { level: 1, name: '250 Geräte' }).waitFor();
    await page.locator('tbody th a').first().waitFor();
    const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.equal(wide, inner);
    assert.deepEqual(await axeFaults(page), []);
    assert.deepEqual(pages().complaints(), []);
  });
});
