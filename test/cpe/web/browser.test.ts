// The unit's pages in Chromium: each judged in one of eight windows (all in all of them: test/long/unit-pages.test.ts), and the keyboard.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { pagesOf } from '../../../cpe/web/pages/pages.ts';
import { BrowserLab, signIn, windows } from '../../support/cpe/web/browser.ts';
import { peerSuite } from '../../support/servers/peers.ts';

peerSuite("the unit's pages in a browser", { programs: ['chromium'] }, function () {
  this.timeout(120_000);
  let lab: BrowserLab;
  before(async () => {
    lab = await BrowserLab.open();
  });
  after(() => lab?.close());

  it('break no rule of axe, fit into narrow and wide windows, and say nothing in the console', async () => {
    const paths = pagesOf(lab.gateway.device).map(({ path }, at) => (at % 3 === 0 ? `${path}?help` : path));
    for (const [at, window] of windows.entries()) {
      await lab.judge(
        window,
        paths.filter((_, index) => index % windows.length === at),
      );
    }
  });

  /** Presses Tab until the element with this text or label has the focus. */
  async function tabTo(page: Page, name: string): Promise<void> {
    const focused = `(e => (e.labels?.[0]?.textContent ?? e.getAttribute('aria-label') ?? e.textContent).trim())(document.activeElement)`;
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(focused)) === name) return;
    }
    assert.fail(`Tab does not reach ${name}`);
  }

  it('are used by the keyboard alone: menu, tab, field, error, and a change that is saved', async () => {
    const { context, page, complaints } = await lab.window({ width: 400, theme: 'dark' });
    await signIn(page);
    await tabTo(page, 'Network');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/network/status');
    await tabTo(page, 'Host');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/network/host');
    const type = async (zone: string): Promise<void> => {
      await tabTo(page, 'Static Time Zone');
      await page.keyboard.press('Control+a');
      await page.keyboard.type(zone);
      await page.keyboard.press('Enter');
    };
    await type('Moon/Base');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    const field = page.getByLabel('Static Time Zone');
    assert.equal(await field.inputValue(), 'Moon/Base');
    const wrong = await field.getAttribute('aria-describedby');
    assert.match((await page.locator(`[id="${wrong}"]`).textContent()) ?? '', /no time zone/);
    await type('CET-1CEST,M3.5.0,M10.5.0/3');
    await page.getByText('The changes have been saved.').waitFor();
    assert.equal(lab.gateway.device.config.variable('Hoc.StaticTimeZone'), 'CET-1CEST,M3.5.0,M10.5.0/3');
    // The browser says so of the answer 422 itself.
    assert.deepEqual(
      complaints.filter(text => !text.includes('422')),
      [],
    );
    await context.close();
  });

  it('select an endpoint, change its media security, and stay at it', async () => {
    const { context, page } = await lab.window({ width: 1280, theme: 'light' });
    await signIn(page);
    await page.getByRole('link', { name: 'Media' }).click();
    await page.getByRole('link', { name: 'Security' }).click();
    await page.getByLabel('Select Endpoint').selectOption('Phone-Fax2');
    await page.getByRole('button', { name: 'Select' }).click();
    await page.getByLabel('Endpoint Specific Phone-Fax2').selectOption('Yes');
    await page.getByLabel('Mode Phone-Fax2').selectOption('Secure');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('The changes have been saved.').waitFor();
    assert.equal(await page.getByLabel('Select Endpoint').inputValue(), 'Phone-Fax2');
    assert.equal(await page.getByLabel('Mode Phone-Fax2').inputValue(), 'Secure');
    assert.ok(await page.getByText('Media is secured but SIP is not over TLS').isVisible());
    await context.close();
  });
});
