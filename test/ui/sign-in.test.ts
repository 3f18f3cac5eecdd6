// The sign-in and the frame, in Chromium.
import assert from 'node:assert/strict';
import { pagesSuite } from './support/pages-world.ts';

pagesSuite('the sign-in of the pages', pages => {
  it('leads to the place that was asked for, and shows a device that has come', async () => {
    const { world, browser, base, call, complaints } = pages();
    await (await world.gateway()).boot();
    await call('POST', '/users', { name: 'ann', role: 'viewer', password: 'correct horse battery' });
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${base}/ui/devices`);
    await page.getByLabel('Name').fill('ann');
    await page.getByLabel('Password').fill('wrong horse battery');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: '0090F8000001' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/ui/devices');
    assert.deepEqual(complaints(), []);
  });
});
