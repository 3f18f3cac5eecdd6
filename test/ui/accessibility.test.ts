// Every screen by axe-core, in both themes and from 320 px on, over a live fleet of three products.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type LiveFleet, openLiveFleet } from '../demo/live/fleet.ts';
import { peerSuite } from '../support/servers/peers.ts';

interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

/** Below /ui; `DEVICE` stands for the id of a gateway. */
const screens = [
  '/',
  '/devices',
  '/devices?q=productClass%20%3D%20%224102S%22',
  ...['summary', 'parameters', 'wanted', 'tasks', 'faults', 'sessions', 'history', 'files'].map(
    tab => `/devices/DEVICE/${tab}`,
  ),
  '/devices/no-such-device/summary',
  '/faults',
  ...['/rollouts', '/rollouts/spring', '/rollouts/new'],
  ...['/presets', '/presets/voice'],
  ...['quarantine', 'held', 'knocking', 'rules', 'announced'].map(part => `/enrolment/${part}`),
  ...['/connect', '/files', '/alerts', '/audit', '/help'],
  ...['users', 'roles', 'tokens', 'server', 'certificates'].map(part => `/admin/${part}`),
  '/no/such/page',
];

peerSuite('the pages for everyone', { programs: ['chromium'] }, function () {
  this.timeout(180_000);
  let folder: string;
  let fleet: LiveFleet;
  let browser: Browser;
  let device: string;
  let axe: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-axe-'));
    fleet = await openLiveFleet(folder);
    await fleet.api('PUT', '/users/noc', { role: 'admin' });
    const found = await fleet.api('GET', '/devices?limit=1&fields=id&filter=productClass%20%3D%20%224102S%22');
    device = encodeURIComponent((found.items as { id: string }[])[0]?.id ?? '');
    const { chromium } = await import('playwright-core');
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
  });
  after(async () => {
    await browser?.close();
    await fleet?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const signedIn = async (width: number, theme: 'light' | 'dark'): Promise<BrowserContext> => {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme, locale: 'en' });
    const { url } = (await fleet.api('POST', '/users/noc/link')) as { url: string };
    const page = await context.newPage();
    await page.goto(url);
    await page.locator('.shell').waitFor();
    await page.close();
    return context;
  };

  /** Loaded, with what the server answers, and without a skeleton. */
  const shown = async (page: Page, screen: string): Promise<void> => {
    await page.goto(`${fleet.base}/ui${screen.replace('DEVICE', device)}`);
    await page.locator('.main :is(h1, h2)').first().waitFor();
    await page.locator('.skel').first().waitFor({ state: 'detached' });
  };

  for (const [width, theme] of [
    [1440, 'light'],
    [400, 'dark'],
  ] as const) {
    it(`break no rule of axe at ${width} px in the ${theme} theme`, async () => {
      const context = await signedIn(width, theme);
      const page = await context.newPage();
      const broken: string[] = [];
      for (const screen of screens) {
        await shown(page, screen);
        await page.evaluate(axe);
        const { violations } = (await page.evaluate('axe.run()')) as { violations: Violation[] };
        for (const { id, nodes } of violations)
          broken.push(`${screen}: ${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
      }
      assert.deepEqual(broken, []);
      await context.close();
    });
  }

  it('need no scrolling to the side at 320 px', async () => {
    const context = await signedIn(320, 'light');
    const page = await context.newPage();
    const wide: string[] = [];
    for (const screen of screens) {
      await shown(page, screen);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      if (Number(width) > 320) wide.push(`${screen}: ${width}`);
    }
    assert.deepEqual(wide, []);
    await context.close();
  });

  it('move nothing where the reader wants less motion', async () => {
    const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en' });
    const { url } = (await fleet.api('POST', '/users/noc/link')) as { url: string };
    const page = await context.newPage();
    await page.goto(url);
    await page.locator('.shell').waitFor();
    const moving = await page.evaluate(
      `document.getAnimations().filter(({ playState, effect }) => playState === 'running' && effect.getComputedTiming().duration > 0).length`,
    );
    assert.equal(moving, 0);
    await context.close();
  });
});
