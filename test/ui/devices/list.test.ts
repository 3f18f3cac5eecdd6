// The list of devices in Chromium: rows, order, filter, facets, keys, columns, views.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type Pages, pagesSuite } from '../support/pages-world.ts';
import { seedDevices, seedOf } from '../support/seeded-devices.ts';

const COUNT = 1200;
const heading = async (page: Page, text: string | RegExp): Promise<void> =>
  await page.getByRole('heading', { level: 1, name: text }).waitFor();
const query = (page: Page): URLSearchParams => new URL(page.url()).searchParams;
/** The first column of the rows that are drawn. */
const serials = async (page: Page): Promise<string[]> => await page.locator('tbody th a').allTextContents();
const at = async (page: Page): Promise<string> => String(await page.locator('tr.at').getAttribute('aria-rowindex'));
const opened = async ({ open }: Pages, path: string, user = {}): Promise<Page> => {
  const page = await open(path, user);
  await page.locator('tbody th a').first().waitFor();
  return page;
};
const count = async (pages: Pages, filter: string): Promise<number> =>
  Number((await pages.call('GET', `/devices?count=true&limit=1&filter=${encodeURIComponent(filter)}`)).total);

pagesSuite('the list of devices', pages => {
  before(async () => {
    const hostile = { town: '<img src=x onerror=alert(1)>', tags: ['<b>x</b>'] };
    await seedDevices(pages().world, COUNT, number => (number === 3 ? hostile : {}));
  });

  it('draws only rows that can be seen, and reaches the last one', async () => {
    const page = await opened(pages(), '/devices');
    await heading(page, '1,200 devices');
    const grid = page.getByRole('grid');
    assert.equal(await grid.getAttribute('aria-rowcount'), '1201');
    await page.keyboard.press('j');
    await page.keyboard.press('End');
    const last = page.getByRole('link', { name: seedOf(COUNT - 1).serial });
    await last.waitFor();
    assert.ok((await page.locator('tbody tr').count()) <= 60);
    assert.ok((await page.evaluate(() => document.querySelectorAll('*').length)) <= 2500);
    const bounds = await page.evaluate(() => {
      const box = document.querySelector('.grid-box')?.getBoundingClientRect();
      return [...document.querySelectorAll('tbody tr[aria-rowindex]')].map(row => {
        const { top, bottom } = row.getBoundingClientRect();
        return [bottom - (box?.top ?? 0), top - (box?.bottom ?? 0)];
      });
    });
    const beyond = bounds.filter(([above = 0, below = 0]) => above < -21 * 34 || below > 21 * 34);
    assert.deepEqual(beyond, []);
    assert.equal(await at(page), String(COUNT + 1));
    await page.waitForURL(/at=1199/);
    await page.reload();
    await last.waitFor();
    assert.deepEqual(pages().complaints(), []);
  });

  it('sorts by its heads, as the server does, and says so', async () => {
    const page = await opened(pages(), '/devices');
    await page.getByRole('button', { name: 'Last Inform' }).click();
    await page.getByRole('columnheader', { name: 'Last Inform' }).and(page.locator('[aria-sort=ascending]')).waitFor();
    await page.getByRole('button', { name: 'Last Inform' }).click();
    await page.locator('th[aria-sort=descending]').waitFor();
    assert.equal(query(page).get('sort'), '-lastInform');
    const { items } = await pages().call('GET', '/devices?sort=-lastInform&limit=5&fields=serial');
    const expected = (items as { serial: string }[]).map(({ serial }) => serial);
    await page.getByRole('link', { name: expected[0] ?? '', exact: true }).waitFor();
    assert.deepEqual((await serials(page)).slice(0, 5), expected);
    assert.deepEqual(pages().complaints(), []);
  });

  it('completes and colours a filter that is typed, and finds plain words', async () => {
    const page = await opened(pages(), '/devices');
    await page.keyboard.press('/');
    await page.keyboard.type('site.na');
    await page.getByRole('option', { name: /^site\.name/ }).waitFor();
    await page.keyboard.press('Tab');
    await page.getByRole('option', { name: /^= equals/ }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('"Vi');
    await page.getByRole('option', { name: /"Villach"/ }).waitFor();
    await page.keyboard.press('Tab');
    await heading(page, /^170 devices/);
    assert.equal(await count(pages(), 'site.name = "Villach"'), 170);
    assert.equal(query(page).get('q')?.trim(), 'site.name = "Villach"');
    assert.equal(await page.locator('.q b').textContent(), 'site.name');
    await page.keyboard.press('Escape');
    await page.getByRole('listbox').waitFor({ state: 'hidden' });
    await page.getByRole('textbox', { name: 'Filter' }).fill(seedOf(77).serial);
    await heading(page, /^1 device/);
    assert.deepEqual(await serials(page), [seedOf(77).serial]);
    assert.deepEqual(pages().complaints(), []);
  });

  it('keeps the rows and marks the column of a filter that cannot be read', async () => {
    const page = await opened(pages(), '/devices?q=tag+%3D+%22fax%22');
    await heading(page, /^240 devices/);
    await page.getByRole('textbox', { name: 'Filter' }).fill('tag = "fax" and firmwear < "49"');
    await page.getByText(/^Column 17: unknown field "firmwear"/).waitFor();
    assert.equal(await page.locator('.q u').textContent(), 'firmwear');
    await heading(page, /^240 devices/);
    await page.getByRole('textbox', { name: 'Filter' }).fill('preset = "none"');
    await page.getByText(/^Column 10: there is no preset "none"/).waitFor();
    assert.equal(await page.locator('tbody th a').first().isVisible(), true);
    assert.ok(
      pages()
        .complaints()
        .every(text => /400/.test(text)),
    );
  });

  it('writes facets into the filter, and takes them out again', async () => {
    const page = await opened(pages(), '/devices');
    const facets = page.getByRole('complementary', { name: 'Facets' });
    await facets.getByRole('button', { name: /^C711/ }).click();
    await heading(page, /^120 devices/);
    assert.equal(query(page).get('q'), 'productClass = "C711"');
    await facets.getByRole('button', { name: /^C711/, pressed: true }).click();
    await heading(page, /^1,200 devices/);
    await facets.getByRole('button', { name: /^fax/ }).click({ modifiers: ['Shift'] });
    await heading(page, /^960 devices/);
    assert.equal(query(page).get('q'), 'tag != "fax"');
    await facets.getByRole('button', { name: /in others, type to find/ }).click();
    await page.getByRole('option', { name: /"Graz"/ }).waitFor();
    assert.deepEqual(pages().complaints(), []);
  });

  it('is worked by keys alone: rows, cells, drawer, facet, exclusion, order, one device', async () => {
    const page = await opened(pages(), '/devices');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    assert.equal(await at(page), '3');
    await page.keyboard.press(' ');
    const drawer = page.getByRole('complementary', { name: 'The device of the row' });
    await drawer.getByRole('heading', { name: seedOf(1).serial }).waitFor();
    await page.keyboard.press('j');
    await drawer.getByRole('heading', { name: seedOf(2).serial }).waitFor();
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'hidden' });
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('f');
    await heading(page, /^172 devices/);
    assert.equal(query(page).get('q'), `site.name = "${seedOf(2).town}"`);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('-');
    await page.waitForURL(/firmware/);
    await page.keyboard.press('s');
    await page.waitForURL(/sort=firmware/);
    await page.keyboard.press('x');
    await heading(page, /^1 device/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/ui\/devices\/0090F8-.*\/summary/);
    const remembered = await page.evaluate(() => sessionStorage.getItem('tandem.list'));
    assert.match(String(remembered), /serial in/);
    assert.deepEqual(pages().complaints(), []);
  });

  it('takes any field or parameter as a column, moved by keys and kept in the address', async () => {
    const page = await opened(pages(), '/devices');
    await page.keyboard.press('c');
    await page.getByLabel('Field or parameter').fill('manuf');
    await page.getByRole('button', { name: 'manufacturer' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByLabel('Field or parameter').fill('Device.ManagementServer.PeriodicInformInterval');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove Address' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('gridcell', { name: 'Media5' }).first().waitFor();
    await page.getByRole('gridcell', { name: '300', exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Manufacturer' }).focus();
    await page.keyboard.press('Alt+ArrowLeft');
    const columns = 'serial,liveness,firmware,site.name,lastInform,fault,drift,rollout,manufacturer,tags';
    await page.waitForURL(url => String(url.searchParams.get('cols')).startsWith(columns));
    assert.deepEqual(pages().complaints(), []);
  });

  it('saves and deletes a view with filter, columns and order', async () => {
    const page = await opened(pages(), '/devices?q=tag+%3D+%22pilot%22&sort=-lastInform&cols=liveness');
    await page.getByRole('button', { name: 'Save view' }).click();
    await page.getByLabel('Name of the view').fill('pilots');
    await page.keyboard.press('Enter');
    const chip = page.getByRole('navigation', { name: 'Saved views' }).getByRole('link', { name: 'pilots 24' });
    await chip.waitFor();
    assert.equal(await chip.getAttribute('aria-current'), 'true');
    await page.getByRole('link', { name: /^All/ }).click();
    await heading(page, /^1,200 devices/);
    await chip.click();
    await heading(page, /^24 devices/);
    assert.equal(query(page).get('sort'), '-lastInform');
    assert.equal(await page.getByRole('columnheader').count(), 2);
    await page.getByRole('button', { name: 'Save view' }).click();
    await page.getByRole('button', { name: /^Delete/ }).click();
    await chip.waitFor({ state: 'detached' });
    assert.deepEqual(pages().complaints(), []);
  });

  it('asks for facets once its rows are there, and for no count of a view at each key', async () => {
    const page = await opened(pages(), '/devices');
    await page.getByRole('button', { name: /in others, type to find/ }).waitFor();
    await page.getByRole('link', { name: /^Lost \d/ }).waitFor();
    const asked: string[] = [];
    page.on('request', request => asked.push(request.url().replace(/.*api\/v1/, '')));
    let release = (): void => undefined;
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    const filter = `tag = "pilot"`;
    await page.route(
      url => url.pathname === '/api/v1/devices' && url.searchParams.get('filter') === filter,
      async route => {
        await held;
        await route.continue();
      },
    );
    const rows = page.waitForRequest(request => new URL(request.url()).searchParams.get('filter') === filter);
    await page.getByRole('textbox', { name: 'Filter' }).fill(filter);
    await rows;
    const facets = (): number => asked.filter(path => path.startsWith('/devices/facets')).length;
    assert.equal(facets(), 0);
    const counted = page.waitForResponse(/devices\/facets/);
    release();
    await heading(page, /^24 devices/);
    await counted;
    assert.equal(facets(), 1);
    assert.deepEqual(
      asked.filter(path => path.includes('limit=1&')),
      [],
    );
  });

  it('names the part of the filter that excludes all, and the nearest value', async () => {
    const page = await pages().open(`/devices?q=${encodeURIComponent('tag = "fax" and site.name = "Vilach"')}`);
    await page.getByText('Without site.name = "Vilach" it would be 240.').waitFor();
    await page.getByRole('button', { name: /^Use “Villach”/ }).click();
    await heading(page, /^34 devices/);
    assert.equal(await count(pages(), 'tag = "fax" and site.name = "Villach"'), 34);
    assert.deepEqual(pages().complaints(), []);
  });

  it('keeps the rows under the error when the server fails, and reads again', async () => {
    const page = await opened(pages(), '/devices');
    const body = JSON.stringify({
      status: 503,
      code: 'store-busy',
      detail: 'the store is slow',
      hint: 'Try it later.',
    });
    await page.route('**/api/v1/devices?*', async route => await route.fulfill({ status: 503, body }));
    await page.getByRole('textbox', { name: 'Filter' }).fill('lost');
    await page.getByRole('alert').getByText('the store is slow').waitFor();
    assert.ok((await serials(page)).length > 5);
    await page.unroute('**/api/v1/devices?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, /^24 devices/);
    assert.ok(
      pages()
        .complaints()
        .every(text => /503/.test(text)),
    );
  });

  it('shows what devices say as text, and fits 320 pixels', async () => {
    const page = await opened(pages(), `/devices?q=serial+%3D+%22${seedOf(3).serial}%22`, { width: 320, height: 700 });
    await page.locator('tbody').getByText('<img src=x onerror=alert(1)>').first().waitFor();
    assert.equal(await page.locator('main img').count(), 0);
    const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.equal(wide, inner);
    assert.deepEqual(pages().complaints(), []);
  });

  it('follows the scroll of a phone with rows of one height', async () => {
    const page = await opened(pages(), '/devices', { width: 400, height: 800 });
    await page.evaluate(() => scrollTo(0, 30_000));
    await page.getByText(seedOf(500).serial).waitFor();
    const heights = await page.evaluate(() =>
      [...document.querySelectorAll('tbody tr[aria-rowindex]')].map(row => row.clientHeight),
    );
    assert.equal(new Set(heights).size, 1);
    assert.ok(heights.length <= 60);
    await page.getByRole('button', { name: 'Facets' }).click();
    await page.getByRole('button', { name: /^C711/ }).click();
    await heading(page, /^120 devices/);
    assert.deepEqual(pages().complaints(), []);
  });

  it('shows a viewer of one town nothing else, and nothing to act with', async () => {
    const page = await opened(pages(), '/devices', { role: 'viewer', filter: 'site.name = "Graz"' });
    await heading(page, /^172 devices/);
    await page.getByRole('complementary', { name: 'Facets' }).getByRole('button', { name: /^Graz/ }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Linz/ }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Reboot…' }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Tag…' }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Announce' }).count(), 0);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV' }).click(),
    ]);
    const path = await download.path();
    const { readFile } = await import('node:fs/promises');
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    assert.equal(lines.length, 173);
    assert.ok(lines.slice(1).every(line => line.includes('Graz')));
    assert.deepEqual(pages().complaints(), []);
  });
});
