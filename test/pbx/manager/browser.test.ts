// The manager in Chromium, by its labels: a policy, a refusal, an exception, encryption; axe-core, a narrow screen, hostile texts.
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { silentLog as log } from '../../../shared/log.ts';
import { type ManagerLab, managerLab, PASSWORD } from '../../support/pbx/manager-lab.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { axeFaults } from '../../ui/support/axe.ts';

const paths = ['/', '/extensions', '/extensions/4100', '/licenses', '/backups'];

peerSuite('the manager in a browser', { programs: ['chromium'] }, function () {
  this.timeout(120_000);
  let browser: Browser;
  let lab: ManagerLab;
  before(async () => {
    const { chromium } = await import('playwright-core');
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  after(() => browser?.close());
  beforeEach(async () => {
    lab = await managerLab({ log });
  });
  afterEach(() => lab.stop());

  /** A page after the login. */
  async function opened(width: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
    const context = await browser.newContext({
      ...{ viewport: { width, height: 800 }, colorScheme, locale: 'en', ignoreHTTPSErrors: true },
      baseURL: `https://127.0.0.1:${lab.web.port}`,
    });
    const page = await context.newPage();
    await page.goto('/');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Security', exact: true }).waitFor();
    return page;
  }

  const press = async (page: Page, name: string): Promise<void> => {
    await page.getByRole('button', { name, exact: true }).click();
  };
  const last = async (page: Page): Promise<string> =>
    (await page.getByRole('region', { name: 'Last command' }).locator('code, pre').allTextContents()).join('\n');

  async function setPolicy(page: Page, policy: string): Promise<string> {
    await page.goto('/');
    await page.getByLabel('Policy').selectOption(policy);
    await press(page, 'Set policy');
    return await last(page);
  }

  it('sets policies, shows the refusal for exceptions, and goes on when they are gone', async () => {
    const page = await opened(1280);
    const refusal = 'sec_policy -set 1\nNOT EXECUTED\nDIRECTORY NUMBERS WITH SECURITY EXCEPTION EXIST';
    assert.equal(await setPolicy(page, '1'), refusal);
    assert.equal(await page.getByLabel('Policy').inputValue(), '0');
    await page.getByRole('link', { name: 'Extensions' }).click();
    await page.getByRole('link', { name: '4100' }).click();
    await page.getByLabel('Security exception').selectOption('no');
    await press(page, 'Change security exception');
    assert.equal(await last(page), 'extension --change --dir 4100 --security-exception no\nEXECUTED');
    await page.goto('/');
    await press(page, 'Enable for extensions');
    assert.equal(await last(page), 'media_encryption_enable -type extension\nEXECUTED');
    assert.ok(await page.getByText('Media of extensions: encryption enabled.').isVisible());
    assert.equal(await setPolicy(page, '1'), 'sec_policy -set 1\nEXECUTED');
    assert.equal(await page.getByLabel('Policy').inputValue(), '1');
    assert.deepEqual([lab.exchange.settings.policy, lab.exchange.settings.mediaEncryption.extension], [1, true]);
    await page.context().close();
  });

  it('sets a PIN and removes it after a question', async () => {
    const page = await opened(400);
    await page.goto('/extensions/4101');
    await page.getByLabel('New PIN').fill('987654');
    await press(page, 'Set PIN');
    assert.match(await last(page), /\*{4}.*\nEXECUTED$/);
    assert.equal(lab.exchange.get('authorizationCodes', 'dir:4101')?.code, '987654');
    await press(page, 'Remove PIN');
    assert.match(await last(page), /Are you sure/);
    assert.deepEqual(await axeFaults(page), []);
    await press(page, 'Yes');
    assert.match(await last(page), /EXECUTED$/);
    assert.ok(await page.getByText('No PIN is set.').isVisible());
    await press(page, 'Log out');
    await page.getByLabel('Password').waitFor();
    await page.context().close();
  });

  for (const [width, theme] of [
    [1280, 'light'],
    [1280, 'dark'],
    [400, 'light'],
    [400, 'dark'],
  ] as const) {
    it(`breaks no rule of axe and runs no text at ${width} px in the ${theme} theme`, async () => {
      const page = await opened(width, theme);
      const errors: string[] = [];
      page.on('console', message => errors.push(message.text()));
      await setPolicy(page, '1');
      for (const path of [...paths, '/login']) {
        await page.goto(path);
        assert.deepEqual([path, await axeFaults(page)], [path, []]);
        assert.match(await page.title(), /, lab\.test$/);
        const wide = Number(await page.evaluate('document.documentElement.scrollWidth'));
        assert.ok(wide <= width, `${path} is ${wide} px wide`);
      }
      assert.deepEqual(errors, []);
      await page.context().close();
    });
  }
});
