// The live line of the pages, in Chromium: it comes back by itself, and tells of changed rights.
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { seedDevices } from '../support/seeded-devices.ts';

const PASSWORD = 'correct horse battery';

pagesSuite('the live line of the pages', pages => {
  before(async () => await seedDevices(pages().world, 40));

  it('comes back after answers that were no stream, and has what came meanwhile', async () => {
    const { world, open, complaints } = pages();
    const page = await open('/devices');
    await page.getByRole('heading', { name: '40 devices' }).waitFor();
    const events = '**/api/v1/events?*';
    await page.route(events, async route => await route.fulfill({ status: 502, body: 'restarting' }));
    await page.reload();
    await page.getByText('Not live').first().waitFor();
    await seedDevices(world, 41);
    await page.unroute(events);
    await page.getByText(/^Live/).first().waitFor();
    await page.getByRole('link', { name: /^Devices\s*41$/ }).waitFor();
    assert.deepEqual(
      complaints().filter(text => !text.includes('502')),
      [],
    );
  });

  it('is one for each tab, whatever its screen follows', async () => {
    const { world, open, complaints } = pages();
    const page = await open('/');
    const lines = new Set<unknown>();
    page.on('request', request => {
      if (request.url().includes('/api/v1/events')) lines.add(request);
    });
    page.on('requestfailed', request => lines.delete(request));
    page.on('requestfinished', request => lines.delete(request));
    await page.getByRole('link', { name: /^Devices/ }).click();
    await page.getByRole('heading', { name: /^4\d devices/ }).waitFor();
    await page.waitForResponse(answer => /events\?devices=.*summary/.test(answer.url()));
    await eventually('one line', async () => lines.size === 1);
    await seedDevices(world, 44);
    await page.getByRole('link', { name: /^Devices\s*44$/ }).waitFor();
    await page.locator('tbody th a').first().click();
    await page.waitForResponse(answer => /events\?device=.*summary/.test(answer.url()));
    await page.locator('a[href="/ui/files"]').click();
    await page.waitForResponse(answer => /events\?types=summary$/.test(answer.url()));
    await eventually('one line of its own', async () => lines.size === 1);
    await seedDevices(world, 45);
    await page.getByRole('link', { name: /^Devices\s*45$/ }).waitFor();
    await page.getByText(/^Live/).first().waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('shows what other rights allow as soon as they are others', async () => {
    const { call, open, base, complaints } = pages();
    const page = await open('/devices', { role: 'operator' });
    await page.getByRole('heading', { name: /^4\d devices/ }).waitFor();
    await page.getByRole('button', { name: 'Announce' }).waitFor();
    const { user } = (await (await page.request.get(`${base}/api/v1/session`)).json()) as { user: string };
    await call('PATCH', `/users/${user}`, { role: 'viewer', filter: 'site.name = "Wels"' });
    await page.getByRole('heading', { name: /^[56] devices/ }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Announce' }).count(), 0);
    await page.getByRole('link', { name: /^Devices\s*[56]$/ }).waitFor();
    // The browser notes that the server has ended the line.
    assert.deepEqual(
      complaints().filter(text => !text.includes('ERR_INCOMPLETE_CHUNKED_ENCODING')),
      [],
    );
  });

  it('has no counts of the user before, once another one has signed in', async () => {
    const { call, open } = pages();
    await call('POST', '/users', { name: 'wels', role: 'viewer', password: PASSWORD, filter: 'site.name = "Wels"' });
    const page = await open('/devices');
    await page.getByRole('link', { name: /^Devices\s*4\d$/ }).waitFor();
    await page.getByRole('button', { name: /^Signed in as/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('Name').fill('wels');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.route(/\/api\/v1\/(summary|events\?types=summary)/, () => undefined);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('link', { name: /^Devices/ }).waitFor();
    assert.doesNotMatch(await page.getByRole('link', { name: /^Devices/ }).innerText(), /\d/);
  });
});
