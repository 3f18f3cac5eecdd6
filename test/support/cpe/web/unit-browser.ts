// A unit's own pages in Chromium, as a person with the vendor's notes uses them: by menu, tab, and the labels that are seen.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { axeFaults } from '../../../ui/support/axe.ts';

/** Screenshots of the last run stay here; the folder is not in git. */
const SHOTS = fileURLToPath(new URL('../../../../coverage/unit-pages/', import.meta.url));
const widths = [1280, 400];

export async function openChromium(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
}

export class UnitBrowser {
  readonly page: Page;
  /** Errors and warnings of the console, and answers that are no success. */
  readonly complaints: string[] = [];
  readonly #url: string;

  static async open(browser: Browser, url: string): Promise<UnitBrowser> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ignoreHTTPSErrors: true });
    return new UnitBrowser(await context.newPage(), url);
  }

  private constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
    page.setDefaultTimeout(10_000);
    noteComplaints(page, this.complaints);
  }

  async signIn(user = 'admin', password = 'administrator'): Promise<void> {
    await this.page.goto(this.#url);
    await this.page.getByLabel('User Name').fill(user);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Login' }).click();
    await this.page.getByRole('button', { name: 'Log out' }).waitFor();
  }

  /** A page by its menu and tab, as the notes write it: `SIP/Gateways`. */
  async goTo(place: string): Promise<void> {
    const [menu = '', tab = ''] = place.split('/');
    await this.page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: menu, exact: true }).click();
    await this.page
      .getByRole('navigation', { name: menu, exact: true })
      .getByRole('link', { name: tab, exact: true })
      .click();
    await this.page.getByRole('heading', { level: 1, name: place }).waitFor();
  }

  /** The part of the page below a heading. */
  part(heading: string): Locator {
    return this.page.locator('section').filter({ has: this.page.getByRole('heading', { name: heading, exact: true }) });
  }

  field(heading: string, label: string): Locator {
    return this.part(heading).getByLabel(label, { exact: true });
  }

  async type(heading: string, label: string, text: string): Promise<void> {
    await this.field(heading, label).fill(text);
  }

  async choose(heading: string, label: string, text: string): Promise<void> {
    await this.field(heading, label).selectOption({ label: text });
  }

  /** Presses a button; the page that follows must show no error. */
  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).and(this.page.locator('button:not(.unseen)')).click();
    await this.page.waitForLoadState();
    assert.deepEqual(await this.page.locator('.wrong, [role=alert]').allInnerTexts(), [], `after ${name}`);
  }

  /** The vendor's sentence at the top and its link, then the services that wait. */
  async restartServices(): Promise<void> {
    await this.page.getByText('Some changes require to restart a service to apply new configuration.').waitFor();
    await this.page.getByRole('link', { name: 'services table' }).click();
    await this.press('Restart Required Services');
  }

  /** Texts of a table's cells, row by row. */
  rows(heading: string): Promise<string[][]> {
    return rowsOf(this.part(heading));
  }

  shoot(name: string): Promise<void> {
    return shoot(this.page, name);
  }
}

/** Pictures of the page as it is, at both widths; it must have no fault that axe-core finds and must not scroll sideways. */
async function shoot(page: Page, name: string): Promise<void> {
  await mkdir(SHOTS, { recursive: true });
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: `${SHOTS}${name}-${width}.png`, fullPage: true });
    const excess = Number(
      await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    );
    assert.ok(excess <= 0, `${name} is ${excess} pixels too wide at ${width}`);
  }
  await page.setViewportSize({ width: widths[0] ?? 1280, height: 900 });
  assert.deepEqual(await axeFaults(page), [], name);
}

function noteComplaints(page: Page, complaints: string[]): void {
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', error => complaints.push(error.message));
  page.on('response', response => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
}

/** The file that a button hands out, by its path. */
export async function download({ page }: UnitBrowser, name: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name, exact: true }).click(),
  ]);
  return file.path();
}

async function rowsOf(part: Locator): Promise<string[][]> {
  const rows = await part
    .locator('tr')
    .filter({ has: part.page().locator('td') })
    .all();
  return Promise.all(rows.map(async row => (await row.locator('td').allInnerTexts()).map(text => text.trim())));
}
