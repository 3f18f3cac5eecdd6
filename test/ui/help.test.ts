// The help of the pages: words, filters, keys.
import assert from 'node:assert/strict';
import { axeFaults } from './support/axe.ts';
import { pagesSuite } from './support/pages-world.ts';

pagesSuite('the help of the pages', pages => {
  it('is reached from the keys of a page, and explains the words', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets');
    await page.getByRole('heading', { level: 1, name: 'Presets' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('link', { name: 'Words, filters and all keys' }).press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Help' }).waitFor();
    await page.getByRole('row', { name: /^knocking/ }).waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
    assert.deepEqual(await axeFaults(page), []);
    assert.deepEqual(complaints(), []);
  });

  it('is reached from the menu of the user, in German and from 320 px on', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets', { width: 320, locale: 'de', theme: 'dark' });
    await page.getByRole('button', { name: /^Angemeldet als/ }).click();
    await page.getByRole('menuitem', { name: 'Hilfe' }).click();
    await page.getByRole('heading', { level: 1, name: 'Hilfe' }).waitFor();
    await page.getByRole('row', { name: /^Quarantäne/ }).waitFor();
    const scroll = await page.evaluate(() => document.documentElement.scrollWidth - globalThis.innerWidth);
    assert.equal(scroll, 0);
    assert.deepEqual(await axeFaults(page), []);
    assert.deepEqual(complaints(), []);
  });

  it('has examples of filters that the server reads', async () => {
    const { open, call, complaints } = pages();
    const page = await open('/help');
    const links = page.getByRole('region', { name: 'Filters' }).getByRole('link');
    await links.first().waitFor();
    const hrefs = await links.evaluateAll(all => all.map(link => (link as HTMLAnchorElement).href));
    assert.equal(hrefs.length, 8);
    for (const href of hrefs) {
      const filter = new URL(href).searchParams.get('q') ?? '';
      await call('GET', `/devices?${new URLSearchParams({ filter })}`);
    }
    assert.deepEqual(complaints(), []);
  });
});
