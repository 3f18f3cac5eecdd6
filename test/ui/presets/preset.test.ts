// A preset in the pages: its text and what comes of it, saved under the eyes of its writer.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type Pages, pagesSuite } from '../support/pages-world.ts';

const severity = 'Device.X_0090F8_Cwmp.MinSeverity';
const when = 'oui = "0090F8"';

/** The text area of the preset. */
const editorOf = (page: Page) => page.getByRole('textbox', { name: 'Preset as JSON' });
const textOf = (document: object): string => JSON.stringify(document, null, 2);

async function presetOf({ call }: Pages, name: string): Promise<Record<string, unknown>> {
  const { name: _name, ...fields } = await call('GET', `/presets/${name}`);
  return fields;
}

pagesSuite('a preset in the pages', pages => {
  before(async () => {
    const { world, call } = pages();
    await (await world.gateway()).boot();
    await call('PUT', '/presets/logging', { when, weight: 5, set: { [severity]: 'Warning' } });
  });

  it('is listed with what it fits, opened by its name, and says what it changes', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets');
    const row = page.getByRole('row', { name: /logging/ });
    await row.waitFor();
    assert.match(await row.innerText(), /logging\s+5\s+oui = "0090F8"\s+1\s+0/);
    await page.getByRole('link', { name: 'logging' }).click();
    await editorOf(page).waitFor();
    await page.getByText('One of each kind').waitFor();
    await page.getByText('Fits 1,').waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('is changed by keyboard: the dry run follows the text, and Ctrl S saves it', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets/logging');
    await editorOf(page).fill(textOf({ when, weight: 6, set: { [severity]: 'Error' } }));
    await page.getByText('changed, not saved', { exact: true }).waitFor();
    await page.getByText(/1 would change/).waitFor();
    await page.getByLabel('Why (kept with the version)').fill('less noise');
    await page.keyboard.press('Control+s');
    await page.getByText('logging is saved.').waitFor();
    await page.getByText('less noise').waitFor();
    assert.deepEqual(await presetOf(pages(), 'logging'), { when, weight: 6, set: { [severity]: 'Error' } });
    assert.deepEqual(complaints(), []);
  });
});
