// An ACS with live gateways, and its pages in Chromium: signed in as a user of the test, every complaint of the browser noted.
import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { operatorPages } from '../../../acs/server/pages/files.ts';
import type { Gateway } from '../../../cpe/gateway.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { openWorld, type World, type WorldOptions } from '../../support/worlds/world.ts';

const PASSWORD = 'correct horse battery';
const pages = operatorPages();

export interface User {
  role?: string;
  /** Devices that the user's rights reach. */
  filter?: string;
  width?: number;
  height?: number;
  theme?: 'light' | 'dark';
  locale?: string;
}

export interface Pages {
  world: World;
  browser: Browser;
  /** Address of the server, without a slash at its end. */
  base: string;
  /** A call of the API as the administrator. @returns its answer's body */
  call: (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;
  /** A page of a browser of its own, signed in. @param path below /ui */
  open: (path: string, user?: User) => Promise<Page>;
  /** Errors and warnings of the browser, and requests to elsewhere, since the last look. */
  complaints: () => string[];
}

/** A suite of the pages in Chromium; one pending test without it. The ACS is new for each suite. */
export function pagesSuite(
  title: string,
  body: (pages: () => Pages) => void,
  options: Pick<WorldOptions, 'tls' | 'webhookAllow'> = {},
): void {
  peerSuite(title, { programs: ['chromium'] }, function () {
    this.timeout(120_000);
    let opened: Opened;
    before(async () => {
      opened = await openPages(options);
    });
    afterEach(async () => await opened?.closeContexts());
    after(async () => await opened?.close());
    body(() => opened.pages);
  });
}

interface Opened {
  pages: Pages;
  closeContexts: () => Promise<void>;
  close: () => Promise<void>;
}

async function openPages(options: WorldOptions): Promise<Opened> {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const world = await openWorld({ tls: false, ...options, pages });
  const base = String(world.acs.api).replace(/\/$/, '');
  const contexts: BrowserContext[] = [];
  const noted: string[] = [];
  const call: Pages['call'] = async (method, path, body) => {
    const answer = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: {
        authorization: 'Bearer test-token',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
  let users = 0;
  const open: Pages['open'] = async (
    path,
    { role = 'admin', filter, width = 1440, height = 900, theme = 'light', locale = 'en' } = {},
  ) => {
    const name = `${role}-${++users}`;
    await call('POST', '/users', { name, role, password: PASSWORD, ...(filter === undefined ? {} : { filter }) });
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      locale,
      timezoneId: 'Europe/Vienna',
    });
    contexts.push(context);
    const page = await context.newPage();
    watch(page, base, noted);
    const signedIn = await context.request.post(`${base}/api/v1/session`, {
      data: { name, password: PASSWORD },
      headers: { 'x-tandem': '1' },
    });
    assert.equal(signedIn.status(), 204);
    await page.goto(`${base}/ui${path}`);
    await page.locator('.shell').waitFor();
    return page;
  };
  return {
    pages: { world, browser, base, call, open, complaints: () => noted.splice(0) },
    closeContexts: async () => {
      for (const context of contexts.splice(0)) await context.close();
    },
    close: async () => {
      await browser.close();
      await world.close();
    },
  };
}

function watch(page: Page, base: string, noted: string[]): void {
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') noted.push(message.text());
  });
  page.on('pageerror', error => noted.push(String(error)));
  page.on('request', request => {
    if (!request.url().startsWith(`${base}/`)) noted.push(request.url());
  });
}

/** A plain TR-181 device in the world, beside its DGW gateways. */
export async function plainDevice(world: World, serial: string): Promise<Gateway> {
  const device = await world.gateway({
    model: await builtinModel('device'),
    profile: {
      parameters: {
        'Device.ManagementServer.URL': world.url,
        'Device.ManagementServer.Username': 'enrol',
        'Device.ManagementServer.Password': 'factory',
      },
      certificates: [],
    },
    identity: {
      manufacturer: 'Plain',
      oui: '00D09E',
      productClass: 'Router',
      serialNumber: serial,
      mac: '00d09e000001',
    },
  });
  await device.boot();
  return device;
}
