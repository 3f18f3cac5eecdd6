// The pages about the API in Chromium: they load without an error and without a request to elsewhere, and a call can be tried.
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { type TestApi, TOKEN, testApi } from '../support/acs/api.ts';
import { eventually } from '../support/eventually.ts';
import { peerSuite } from '../support/servers/peers.ts';

peerSuite('pages about the API in Chromium', { programs: ['chromium'] }, function () {
  this.timeout(120_000);
  let browser: Browser;
  let api: TestApi;
  let base: string;
  let page: Page;
  const complaints: string[] = [];
  before(async () => {
    const { chromium } = await import('playwright-core');
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  after(async () => await browser?.close());
  beforeEach(async () => {
    api = await testApi();
    base = await api.rest.listen({ host: '127.0.0.1', port: 0 });
    page = await browser.newPage();
    complaints.length = 0;
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(String(error)));
    page.on('request', request => {
      if (!request.url().startsWith(`${base}/`) && !request.url().startsWith('data:')) complaints.push(request.url());
    });
  });
  afterEach(async () => {
    await page.close();
    await api.close();
  });

  it('show the calls without a token, and try one with it', async () => {
    await page.goto(`${base}/`);
    await page.getByText('The calls of the API').click();
    await page.locator('#operations-tag-devices').click({ timeout: 60_000 });
    await page.locator('#operations-devices-listDevices').waitFor();
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.locator('.auth-container input[type=text]').first().fill(TOKEN);
    await page.locator('.auth-container').first().getByRole('button', { name: 'Apply credentials' }).click();
    await page.getByRole('button', { name: 'Close' }).first().click();
    await page.locator('#operations-tag-session').click();
    const call = page.locator('#operations-session-getSession');
    await call.click();
    await call.getByRole('button', { name: 'Try it out' }).click();
    await call.getByRole('button', { name: 'Execute' }).click();
    await call.getByText('"admin-token"').first().waitFor();
    assert.deepEqual(complaints, []);
  });

  it('keep to their policy: a script that is smuggled in does not run', async () => {
    await page.goto(`${base}/docs`);
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.smuggled = 1' }))`,
    );
    assert.equal(await page.evaluate('window.smuggled'), undefined);
    await eventually('the browser complains', async () =>
      complaints.some(text => /Content Security Policy/.test(text)),
    );
  });
});
