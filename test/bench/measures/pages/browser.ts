// Chromium for the bench, signed in at an ACS, and what a page of it takes.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { bundlePages } from '../../../../acs/server/pages/bundle.ts';
import type { AcsServer } from '../../servers/servers.ts';

const LOGIN = { name: 'bench', password: 'correct horse battery' };

/** Puts the pages where the compiled ACS looks for them. @param tree the folder of the build */
export async function writePages(tree: string): Promise<void> {
  const folder = join(tree, 'dist', 'acs', 'ui');
  await mkdir(folder, { recursive: true });
  for (const [name, content] of await bundlePages()) await writeFile(join(folder, name), content);
}

const CHROMIUM = '/usr/bin/chromium';

export const openBrowser = async (): Promise<Browser> => await launched(CHROMIUM);

/** A browser that takes what the servers leave of the cores, as one on another machine would. @param folder for its start script */
export async function openLowBrowser(folder: string): Promise<Browser> {
  const script = join(folder, 'low-chromium');
  await writeFile(script, `#!/bin/sh\nexec chrt --idle 0 ${CHROMIUM} "$@"\n`, { mode: 0o700 });
  return await launched(script);
}

async function launched(executablePath: string): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  const args = ['--no-sandbox', '--enable-precise-memory-info', '--js-flags=--expose-gc'];
  return await chromium.launch({ executablePath, args });
}

export const addUser = async (server: AcsServer): Promise<unknown> =>
  await server.api('POST', '/users', { ...LOGIN, role: 'admin' });

/** A browser of its own, with a session. */
export async function signedIn(browser: Browser, { base }: AcsServer): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const answer = await context.request.post(`${base}/api/v1/session`, { data: LOGIN, headers: { 'x-tandem': '1' } });
  if (answer.status() !== 204) throw new Error(`sign-in: ${answer.status()}`);
  // The time of the first row, from the begin of the navigation.
  await context.addInitScript(`
    new MutationObserver((_changes, observer) => {
      if (!document.querySelector('tbody th a')) return;
      globalThis.firstRows = performance.now();
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });`);
  return context;
}

/** Milliseconds until the first row of the list is there. */
export async function firstRows(page: Page): Promise<number> {
  await page.locator('tbody th a').first().waitFor();
  return Number(await page.evaluate('globalThis.firstRows'));
}

/** Milliseconds from the use of a filter, which follows its last key by 120 ms, to its rows. */
export async function rowsAfter(page: Page, filter: string): Promise<number> {
  return Number(
    await page.evaluate(`new Promise((resolve, reject) => {
      const field = document.querySelector('.filter textarea');
      const head = () => document.querySelector('.grid-box')?.getAttribute('aria-label') ?? 'none';
      const before = head();
      const began = performance.now();
      Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(field, ${JSON.stringify(filter)});
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      const look = () => {
        const took = performance.now() - began;
        if (head() !== before) resolve(took - 120);
        else if (took > 20_000) reject(new Error('no rows of ' + field.value));
        else requestAnimationFrame(look);
      };
      look();
    })`),
  );
}

/** Megabytes of the heap of a page after a collection. */
export async function heapOf(page: Page): Promise<number> {
  return Number(await page.evaluate('(gc(), performance.memory.usedJSHeapSize)')) / 1024 ** 2;
}
