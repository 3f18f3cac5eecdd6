// The status page in Chromium: axe-core in both themes, a narrow screen, the keyboard, and hostile texts of devices.
import assert from 'node:assert/strict';
import type { Browser, BrowserContext } from 'playwright-core';
import { serveStatus } from '../../../pbx/status/server.ts';
import type { Web } from '../../../pbx/web/server.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { eventually } from '../../support/eventually.ts';
import { statusSources, terminalAt } from '../../support/pbx/status-sources.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { axeFaults } from '../../ui/support/axe.ts';

const HOSTILE = `"><script>document.title='owned'</script><img src=x onerror="document.title='owned'">${'w'.repeat(500)}`;
const fitsBox = `(box => box.scrollWidth <= box.clientWidth)(document.querySelector('.scroll'))`;
const paths = ['/', '/registrations', '/calls', '/refusals', '/policy', '/licenses', '/routes'];

peerSuite('the status page in a browser', { programs: ['chromium'] }, function () {
  this.timeout(120_000);
  let browser: Browser;
  let web: Web;
  before(async () => {
    const refusal = {
      ...({ time: 0, what: 'call', kind: 'SIP', dir: '4101', remote: '127.0.0.1:5', encrypted: false } as const),
      ...{ product: HOSTILE, row: 'Table 2 row 4', reason: HOSTILE },
    };
    const terminals = Array.from({ length: 250 }, (_, at) => terminalAt({ dir: String(4000 + at) }));
    terminals[0] = terminalAt({ product: HOSTILE, contact: HOSTILE, tls: { version: HOSTILE, cipher: HOSTILE } });
    const calls = [{ kind: 'SIP' as const, from: HOSTILE, to: '‮4101', state: 'up', media: 'RTP/SAVP', seconds: 7 }];
    web = await serveStatus({
      ...{ host: '127.0.0.1', port: 0, clock: systemClock(), log },
      sources: statusSources({ terminals: () => terminals, calls: () => calls, refusals: () => [refusal] }),
    });
    const { chromium } = await import('playwright-core');
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser?.close();
    await web?.stop();
  });

  const opened = async (width: number, colorScheme: 'light' | 'dark'): Promise<BrowserContext> =>
    await browser.newContext({
      viewport: { width, height: 800 },
      colorScheme,
      locale: 'en',
      baseURL: `http://127.0.0.1:${web.port}`,
    });

  for (const [width, theme] of [
    [1440, 'light'],
    [1440, 'dark'],
    [400, 'light'],
    [400, 'dark'],
  ] as const) {
    it(`breaks no rule of axe and runs no text at ${width} px in the ${theme} theme`, async () => {
      const context = await opened(width, theme);
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('console', message => errors.push(message.text()));
      page.on('dialog', dialog => void errors.push(dialog.message()));
      for (const path of paths) {
        await page.goto(path);
        assert.deepEqual([path, await axeFaults(page)], [path, []]);
        assert.match(await page.title(), /, lab\.test$/);
        const wide = Number(await page.evaluate('document.documentElement.scrollWidth'));
        assert.ok(wide <= width, `${path} is ${wide} px wide`);
      }
      assert.deepEqual(errors, []);
      await context.close();
    });
  }

  it('is a table for a screen reader at 400 px too, each cell with its heading in sight', async () => {
    const context = await opened(400, 'light');
    const page = await context.newPage();
    await page.goto('/registrations?dir=4001');
    assert.equal(await page.getByRole('row').count(), 2);
    assert.ok(await page.getByRole('columnheader', { name: 'Row' }).count());
    assert.ok(await page.getByRole('cell', { name: 'Table 1 row 2' }).isVisible());
    const heading = await page.evaluate(`getComputedStyle(document.querySelector('td'), '::before').content`);
    assert.equal(heading, '"Number"');
    await context.close();
  });

  it('names each fact once at 400 px, and breaks neither times nor addresses at 1280 px', async () => {
    const narrow = await opened(400, 'light');
    const facts = await narrow.newPage();
    await facts.goto('/');
    assert.ok(await facts.getByRole('rowheader', { name: 'Security policy' }).isVisible());
    assert.equal(await facts.evaluate(`getComputedStyle(document.querySelector('td'), '::before').content`), 'none');
    assert.match((await facts.getByRole('row', { name: 'Ports' }).textContent()) ?? '', /SIP over TLS 5061/);
    await facts.goto('/registrations');
    assert.equal(await facts.evaluate(fitsBox), true);
    await narrow.close();
    const wide = await opened(1280, 'light');
    const page = await wide.newPage();
    await page.goto('/registrations?dir=4001');
    const lines = async (label: string): Promise<number> =>
      Number(
        await page.evaluate(`(() => {
          const range = document.createRange();
          range.selectNodeContents(document.querySelector('td[data-label="${label}"]'));
          return new Set([...range.getClientRects()].map(({ top }) => top)).size;
        })()`),
      );
    assert.match((await page.locator('td[data-label=Since]').textContent()) ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.deepEqual([await lines('Number'), await lines('Address'), await lines('Since')], [1, 1, 2]);
    assert.equal(await page.evaluate(fitsBox), true);
    await wide.close();
  });

  it('finds a number by the keyboard alone', async () => {
    const context = await opened(1440, 'light');
    const page = await context.newPage();
    await page.goto('/registrations');
    for (let tabs = 0; tabs < 20 && (await page.evaluate('document.activeElement.id')) !== 'dir'; tabs++)
      await page.keyboard.press('Tab');
    await page.keyboard.type('4123');
    await page.keyboard.press('Enter');
    await page.waitForURL(/dir=4123/);
    assert.equal(await page.getByRole('row').count(), 2);
    await context.close();
  });

  it('loads itself again where that was asked for, and stops', async () => {
    const context = await opened(1440, 'light');
    const page = await context.newPage();
    await page.goto('/calls?refresh=1');
    const shown = async (): Promise<string> => (await page.locator('time').getAttribute('datetime')) ?? '';
    const first = await shown();
    await eventually('another look', async () => (await shown()) > first);
    await page.getByRole('link', { name: 'Stop refreshing' }).click();
    await page.waitForURL(/\/calls$/);
    assert.equal(await page.locator('meta[http-equiv]').count(), 0);
    await context.close();
  });
});
