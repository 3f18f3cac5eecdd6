// Presets in the pages where it is hard: foreign texts, broken documents, failures, narrow screens, another language.
import assert from 'node:assert/strict';
import { axeFaults } from '../support/axe.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { seedFleet } from '../support/seeded-fleet.ts';
import { editorOf, onlyRefused, severity, stored, textOf, versionsOf } from './preset-world.ts';

const XSS = '<img src=x onerror="document.title=1">';

pagesSuite('presets in the pages, where it is hard', pages => {
  before(async () => {
    await seedFleet(pages().world.store, [
      { serial: '1', tags: [XSS], site: { name: XSS } },
      { serial: '2', productClass: XSS },
    ]);
  });

  it('say that there is none yet, and lead to the first', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets');
    await page.getByRole('heading', { name: 'No preset yet' }).waitFor();
    await page.getByRole('button', { name: 'New preset' }).click();
    await page.getByLabel('Name', { exact: true }).fill('a b');
    await page.getByText('Letters, digits and . _ - alone').waitFor();
    await page.keyboard.press('Escape');
    await page.goto(`${page.url()}/never-was`);
    await page.getByRole('heading', { name: 'There is no preset never-was' }).waitFor();
    await page.getByRole('button', { name: 'Begin it' }).click();
    await editorOf(page).waitFor();
    onlyRefused(complaints(), 404);
  });

  it('show texts of devices and of writers as text alone', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', `/presets/foreign?comment=${encodeURIComponent(XSS)}`, {
      when: `tag = ${JSON.stringify(XSS)}`,
      set: { [severity]: '{{site.none}}' },
      certificates: [],
    });
    await call('PUT', '/presets/other', { weight: -3, set: { [severity]: 'Info' } });
    const page = await open('/presets');
    await page.getByText(XSS, { exact: false }).first().waitFor();
    await page.getByRole('link', { name: 'foreign' }).click();
    await editorOf(page).waitFor();
    await page.getByText('Fits 1,').waitFor();
    await page.getByText('Cannot be told').first().waitFor();
    await editorOf(page).fill(textOf({ when: `productClass = "${XSS}"`.replaceAll('onerror="document.title=1"', '') }));
    await page.getByRole('button', { name: 'Form' }).click();
    await page.getByRole('button', { name: 'JSON' }).click();
    assert.equal(await page.locator('img').count(), 0);
    assert.notEqual(await page.title(), '1');
    onlyRefused(complaints(), 400);
  });

  it('stay usable where a stored one was broken by hand', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', '/presets/broken', { weight: 1 });
    const [version] = await versionsOf(pages(), 'broken');
    const broken = { name: 'broken', when: 7, weight: 'much', set: 'nothing', objects: [1], restart: null, script: {} };
    const page = await open('/overview');
    const facts = { version: 1, time: '2026-01-01T00:00:00Z', author: null, broken: 'set: no <b>values</b>' };
    await page.route('**/api/v1/presets?*', route => route.fulfill({ json: { items: [{ ...broken, ...facts }] } }));
    await page.route('**/api/v1/presets/broken', route =>
      route.request().method() === 'GET'
        ? route.fulfill({ json: broken, headers: { etag: `"${version}.x"` } })
        : route.continue(),
    );
    await page.getByRole('link', { name: 'Presets' }).click();
    await page.getByText('Sets nothing: set: no <b>values</b>').waitFor();
    await page.getByRole('link', { name: 'broken' }).click();
    await page.keyboard.press('Control+Enter');
    assert.deepEqual(JSON.parse(await editorOf(page).inputValue()).objects, [1]);
    await page.getByRole('button', { name: 'Form' }).click();
    assert.equal(await page.getByLabel('Weight', { exact: true }).inputValue(), '');
    await page.getByRole('button', { name: 'JSON' }).click();
    await page.unroute('**/api/v1/presets/broken');
    await editorOf(page).fill('{"weight": 3}');
    await page.keyboard.press('Control+s');
    await page.getByText('broken is saved.').waitFor();
    assert.deepEqual(await stored(pages(), 'broken'), { weight: 3 });
    onlyRefused(complaints(), 400);
  });

  it('keep the text where the session ends in mid-work, and save it after the next sign-in', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', '/presets/kept', { weight: 1 });
    const page = await open('/presets/kept');
    await editorOf(page).fill('{"weight": 2}');
    await page.context().clearCookies();
    await page.keyboard.press('Control+s');
    await page.getByLabel('Password').waitFor();
    const users = (await call('GET', '/users')) as { items: { name: string }[] };
    const name = users.items.map(user => user.name).findLast(user => user.startsWith('admin-')) ?? '';
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('changed, not saved', { exact: true }).waitFor();
    await editorOf(page).focus();
    await page.keyboard.press('Control+s');
    await page.getByText('kept is saved.').waitFor();
    assert.deepEqual(await stored(pages(), 'kept'), { weight: 2 });
    onlyRefused(complaints(), 401);
  });

  it('keep what is shown where the server fails, and try again', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', '/presets/kept', { weight: 1 });
    const page = await open('/presets/kept');
    await editorOf(page).waitFor();
    await page.route('**/dry-run/**', route =>
      route.fulfill({ status: 503, body: '{"detail":"resting","code":"busy"}' }),
    );
    await page.keyboard.press('Control+Enter');
    await page.getByRole('alert').getByText('resting').waitFor();
    await page.unroute('**/dry-run/**');
    await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Against other presets').waitFor();
    onlyRefused(complaints(), 503);
  });

  it('cancel a dry run, and abort an older one when the text changes', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', '/presets/kept', { weight: 1 });
    const page = await open('/presets/kept');
    await editorOf(page).waitFor();
    let asked = 0;
    await page.route('**/dry-run/**', () => void asked++);
    await page.keyboard.press('Control+Enter');
    await page.getByText('Dry run: 0 of 0 devices').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Dry run: 0 of 0 devices').waitFor({ state: 'detached' });
    const aborted = page.waitForEvent('requestfailed', request => request.url().includes('dry-run'));
    await page.keyboard.press('Control+Enter');
    await editorOf(page).fill('{"weight": 5}');
    assert.match((await aborted).failure()?.errorText ?? '', /ABORTED/);
    assert.ok(asked >= 2);
    assert.deepEqual(complaints(), []);
  });

  for (const theme of ['light', 'dark'] as const)
    it(`have no fault that axe finds, ${theme}`, async () => {
      const { open, call, complaints } = pages();
      await call('PUT', '/presets/axe', { set: { [severity]: 'Info' } });
      await call('PUT', '/presets/axe', { set: { [severity]: 'Debug' } });
      const page = await open('/presets', { theme });
      await page.getByRole('link', { name: 'axe' }).waitFor();
      assert.deepEqual(await axeFaults(page), []);
      await page.goto(`${page.url()}/axe?v=1`);
      await editorOf(page).fill(textOf({ set: { [severity]: 'Error' } }));
      await page.locator('.diff').first().waitFor();
      await page.getByText('Against other presets').waitFor();
      assert.deepEqual(await axeFaults(page), []);
      await page.getByRole('button', { name: 'Form' }).click();
      await page.getByRole('button', { name: 'Copy…' }).click();
      await page.getByRole('dialog').waitFor();
      assert.deepEqual(await axeFaults(page), []);
      onlyRefused(complaints(), 404);
    });

  for (const width of [320, 768, 1440])
    it(`fit into ${width} px, in German, without a scroll of the page`, async () => {
      const { open, call, complaints } = pages();
      await call('PUT', '/presets/narrow', { set: { [severity]: 'Info' } });
      const page = await open('/presets', { width, locale: 'de-AT' });
      await page.getByRole('heading', { name: 'Vorgaben' }).waitFor();
      const scroll = async (): Promise<number> =>
        await page.evaluate(() => document.documentElement.scrollWidth - globalThis.innerWidth);
      assert.equal(await scroll(), 0);
      await page.getByRole('link', { name: 'narrow' }).click();
      await page.getByRole('textbox', { name: 'Vorgabe als JSON' }).fill(textOf({ set: { [severity]: 'Error' } }));
      await page.getByText('Gegen andere Vorgaben').waitFor();
      assert.equal(await scroll(), 0);
      await page.getByRole('button', { name: 'Formular' }).click();
      assert.equal(await scroll(), 0);
      assert.deepEqual(complaints(), []);
    });
});
