// npm run pictures: takes the pictures of the documentation from the pages of a live fleet, in Chromium.
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { openLiveFleet } from './fleet.ts';
import { pictures } from './pictures.ts';
import { takeUnitPage } from './unit-page.ts';

/** GitHub and a slow line show a page of that at once. */
const MAX_BYTES = 200_000;
const target = fileURLToPath(new URL('../../../docs/pictures/', import.meta.url));

async function assertSmall(name: string, file: string): Promise<void> {
  const { size } = await stat(file);
  process.stdout.write(`${name.padEnd(20)}${Math.round(size / 1000)} KB\n`);
  if (size > MAX_BYTES) throw new Error(`${name}.png has ${size} bytes, more than ${MAX_BYTES}`);
}

async function main(folder: string): Promise<void> {
  const fleet = await openLiveFleet(folder);
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    await fleet.api('PUT', '/users/noc', { role: 'admin' });
    await mkdir(target, { recursive: true });
    const settled = async (page: Page): Promise<void> => {
      await page.waitForLoadState('networkidle').catch(() => undefined);
      await page.evaluate('document.fonts.ready');
    };
    for (const { name, path, theme = 'light', width = 1280, height = 800, before } of pictures) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale: 'en' });
      const page = await context.newPage();
      const { url } = (await fleet.api('POST', '/users/noc/link')) as { url: string };
      await page.goto(url);
      await page.locator('.shell').waitFor();
      await page.goto(`${fleet.base}/ui${typeof path === 'string' ? path : await path(fleet.api)}`);
      await page.locator('.shell').waitFor();
      await settled(page);
      await before?.(page);
      const file = join(target, `${name}.png`);
      await page.screenshot({ path: file });
      await context.close();
      await assertSmall(name, file);
    }
    const file = join(target, 'unit.png');
    await takeUnitPage(browser, file);
    await assertSmall('unit', file);
  } finally {
    await browser.close();
    await fleet.close();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'tandem-pictures-'));
try {
  await main(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
