// The frame of the pages, in Chromium: palette, keys, settings of the reader, a phone.
import assert from 'node:assert/strict';
import { pagesSuite } from './support/pages-world.ts';

pagesSuite('the frame of the pages', pages => {
  before(async () => await (await pages().world.gateway()).boot());

  it('finds a device by a part of its serial number, with the keyboard alone', async () => {
    const page = await pages().open('/devices');
    await page.getByRole('link', { name: '0090F8000001' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('8000001');
    const option = page.getByRole('option', { name: /0090F8000001/ }).first();
    await option.waitFor();
    assert.equal(await option.getAttribute('aria-selected'), 'true');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/ui\/devices\/0090F8-4102S-0090F8000001\/summary$/);
    assert.deepEqual(pages().complaints(), []);
  });

  it('finds pages and saved views, and nothing that the caller may not see', async () => {
    await pages().call('PUT', '/views/old-firmware', { q: 'firmware < "49"', shared: true });
    const page = await pages().open('/devices', { role: 'viewer' });
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('#old');
    await page.getByRole('option', { name: /old-firmware/ }).waitFor();
    await page.getByRole('combobox').fill('enrol');
    await page.getByRole('option', { name: /Enrolment/ }).waitFor();
    await page.getByRole('combobox').fill('audit');
    await page.getByRole('option', { name: /Devices with “audit”/ }).waitFor();
    assert.equal(await page.getByRole('option', { name: 'Audit', exact: true }).count(), 0);
    await page.keyboard.press('Escape');
    assert.equal(await page.getByRole('dialog').count(), 0);
    assert.deepEqual(pages().complaints(), []);
  });

  it('lists the keys that act here', async () => {
    const page = await pages().open('/devices');
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Search or jump').waitFor();
  });

  it('speaks German where the reader does, and keeps the choice of a theme', async () => {
    const page = await pages().open('/devices', { locale: 'de-AT' });
    await page.getByRole('heading', { name: '1 Gerät' }).waitFor();
    await page.getByRole('button', { name: /^Angemeldet als/ }).click();
    await page.getByRole('menuitemradio', { name: 'dunkel' }).click();
    await page.reload();
    await page.getByRole('heading', { name: '1 Gerät' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await page.getByRole('button', { name: /^Angemeldet als/ }).press('Enter');
    await page.getByRole('menuitemradio', { name: 'English' }).press('Enter');
    await page.getByRole('heading', { name: '1 device' }).waitFor();
    assert.deepEqual(pages().complaints(), []);
  });

  it('signs out, and comes back to the place after the next sign-in', async () => {
    const page = await pages().open('/devices');
    await page.getByRole('button', { name: /^Signed in as/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('then'), '/ui/devices');
  });

  it('has the rest of its pages behind "More" on a phone', async () => {
    const page = await pages().open('/devices', { width: 400, height: 800 });
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Audit' }).click();
    await page.waitForURL(/\/ui\/audit$/);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
  });

  it('says that there is no page of an unknown address', async () => {
    const page = await pages().open('/no/such/page');
    await page.getByRole('heading', { name: 'There is no page of this address' }).waitFor();
    assert.deepEqual(pages().complaints(), []);
  });
});
