// The unit's pages in Chromium, judged by axe-core, by their width and by what the console says.
import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Gateway } from '../../../../cpe/gateway.ts';
import { servePages, type UnitPages } from '../../../../cpe/web/server.ts';
import { axeFaults } from '../../../ui/support/axe.ts';
import { Gateways } from '../gateways.ts';

export interface Window {
  width: number;
  theme: 'light' | 'dark';
}

export const windows: readonly Window[] = [320, 400, 1280, 1920].flatMap(width => [
  { width, theme: 'light' },
  { width, theme: 'dark' },
]);

export class BrowserLab {
  readonly gateway: Gateway;
  readonly #on: Gateways;
  readonly #pages: UnitPages;
  readonly #browser: Browser;

  static async open(): Promise<BrowserLab> {
    const on = await Gateways.open();
    const gateway = await on.up();
    const pages = await servePages({ host: '127.0.0.1', port: 0 }, gateway.device);
    const { chromium } = await import('playwright-core');
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    return new BrowserLab(on, gateway, pages, browser);
  }

  private constructor(on: Gateways, gateway: Gateway, pages: UnitPages, browser: Browser) {
    this.#on = on;
    this.gateway = gateway;
    this.#pages = pages;
    this.#browser = browser;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#pages.stop();
    await this.#on.close();
  }

  /** A window of its own in which nothing was opened yet. */
  async window({ width, theme }: Window): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
    const context = await this.#browser.newContext({
      viewport: { width, height: 800 },
      colorScheme: theme,
      baseURL: this.#pages.url,
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    // Hints of the browser to those who write pages are no faults.
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(error.message));
    return { context, page, complaints };
  }

  /** Signs in and judges pages, with help and without. */
  async judge(at: Window, paths: readonly string[]): Promise<void> {
    const { context, page, complaints } = await this.window(at);
    await signIn(page);
    for (const path of paths) {
      await page.goto(path);
      assert.deepEqual([path, await axeFaults(page)], [path, []]);
      const wide = Number(await page.evaluate('document.documentElement.scrollWidth'));
      assert.ok(wide <= at.width, `${path} is ${wide} px wide`);
    }
    assert.deepEqual(complaints, []);
    await context.close();
  }
}

/** By the keyboard alone: the fields of the login are the first that Tab reaches. */
export async function signIn(page: Page): Promise<void> {
  await page.goto('/');
  for (const text of ['admin', 'administrator']) {
    await page.keyboard.press('Tab');
    await page.keyboard.type(text);
  }
  await page.keyboard.press('Enter');
  await page.waitForURL('**/system/information');
}
