// The audit, in Chromium.
import assert from 'node:assert/strict';
import { pagesSuite } from './support/pages-world.ts';

const EVIL = '<img src=x onerror=alert(1)>';

pagesSuite('the audit in the pages', pages => {
  it('narrows entries by who, what, target and outcome, and the address keeps that', async () => {
    await pages().call('PUT', '/presets/noted', { when: 'tag = "x"', set: { 'Device.A': 'one' } });
    await fetch(`${pages().base}/api/v1/presets/noted`, { method: 'PUT', body: '{' });
    const page = await pages().open('/audit');
    await page
      .getByRole('row', { name: /putPreset/ })
      .first()
      .waitFor();
    await page.getByLabel('Target').fill('noted');
    await page.getByText('1 entry').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('target'), 'noted');
    await page.getByLabel('Outcome').selectOption('refused');
    await page.getByText('No entry fits').waitFor();
    await page.reload();
    await page.getByText('No entry fits').waitFor();
    assert.equal(await page.getByLabel('Target').inputValue(), 'noted');
    assert.deepEqual(pages().complaints(), []);
  });

  it('shows before and after of a change, as data', async () => {
    const { call, open, complaints } = pages();
    await call('PUT', '/presets/changed', { when: 'tag = "x"', set: { 'Device.A': 'one' } });
    await call('PUT', '/presets/changed', { when: 'tag = "x"', set: { 'Device.A': EVIL } });
    const page = await open('/audit?target=changed');
    await page.getByRole('link', { name: 'putPreset' }).first().click();
    const drawer = page.getByRole('complementary', { name: 'putPreset' });
    await drawer.getByText(/onerror/).waitFor();
    assert.match(String(await drawer.locator('del').first().textContent()), /one/);
    await drawer.getByRole('link', { name: 'changed' }).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('checks the chain, and hands out CSV of what is shown', async () => {
    const page = await pages().open('/audit?what=putPreset');
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText(/The chain is whole: \d+ entries/).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    assert.match((await download).url(), /audit\/csv\?what=putPreset$/);
    assert.deepEqual(pages().complaints(), []);
  });

  it('tells of a chain that is not whole', async () => {
    const page = await pages().open('/audit');
    await page.route('**/api/v1/audit/verify', async route => {
      const report = {
        entries: 3,
        unchained: 1,
        first: 1,
        last: 3,
        intact: false,
        problems: [{ seq: 2, problem: 'changed' }],
      };
      await route.fulfill({ json: report });
    });
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByRole('alert').getByText('Entry 2 was changed').waitFor();
    pages().complaints();
  });
});
