// A preset in the pages: its text and what comes of it, all by keyboard.
import assert from 'node:assert/strict';
import { pagesSuite } from '../support/pages-world.ts';
import { caretBehind, dgws, editorOf, interval, onlyRefused, severity, stored, textOf } from './preset-world.ts';

const fresh = { when: dgws, weight: 50, set: { [severity]: 'Debug' } };
const logging = { when: dgws, weight: 5, set: { [severity]: 'Warning' } };

pagesSuite('a preset in the pages', pages => {
  before(async () => {
    const { world } = pages();
    await (await world.gateway()).boot();
    await (await world.gateway({ serial: '0090F8000002' })).boot();
  });
  beforeEach(async () => {
    await pages().call('PUT', '/presets/logging', logging);
  });

  it('is listed with what it fits, opened by its name, and says what it changes', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets');
    const row = page.getByRole('row', { name: /logging/ });
    await row.waitFor();
    assert.match(await row.innerText(), /logging\s+5\s+oui = "0090F8"\s+2\s+0/);
    await page.getByLabel('Find a preset').fill('nothing like it');
    await row.waitFor({ state: 'detached' });
    await page.getByLabel('Find a preset').fill('minseverity');
    await page.getByRole('link', { name: 'logging' }).click();
    await editorOf(page).waitFor();
    await page.getByText('One of each kind').waitFor();
    await page.getByText('Fits 2,').waitFor();
    await page.getByText('No other preset and no override wants other values').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Presets' }).count(), 2, 'in the navigation and in the trail');
    const waves = await page.getByRole('link', { name: 'Roll out in waves…' }).getAttribute('href');
    const plan = Object.fromEntries(new URL(waves ?? '', page.url()).searchParams);
    assert.deepEqual(plan, { q: dgws, kind: 'preset', what: 'logging' });
    assert.deepEqual(complaints(), []);
  });

  it('is changed by keyboard: the dry run follows the text, and Ctrl S saves it', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets/logging');
    const next = { when: 'serial = "0090F8000001"', weight: 6, set: { [severity]: 'Error' } };
    await editorOf(page).fill(textOf(next));
    await page.getByText('changed, not saved', { exact: true }).waitFor();
    await page.getByText('Fits 1,').waitFor();
    await page.getByText(/\d would change/).waitFor();
    await page.locator('.diff ins', { hasText: 'Error' }).waitFor();
    await page.getByLabel('Why (kept with the version)').fill('less noise');
    await page.keyboard.press('Control+s');
    await page.getByText('logging is saved.').waitFor();
    await page.getByText('less noise').waitFor();
    assert.deepEqual(await stored(pages(), 'logging'), next);
    assert.deepEqual(complaints(), []);
  });

  it('marks the line of a text that is no JSON, and cannot be saved then', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets/logging');
    await editorOf(page).fill(`{\n  "when": "",\n  "set": {\n    "${severity}"\n  }\n}`);
    await page.getByText('Line 5: a colon is missing after the name.').waitFor();
    assert.equal(await editorOf(page).getAttribute('aria-invalid'), 'true');
    assert.equal(await page.locator('.ln.err').innerText(), '5  }');
    await page.keyboard.press('Control+s');
    assert.equal(await page.getByRole('button', { name: 'Save' }).getAttribute('aria-disabled'), 'true');
    await editorOf(page).fill('{"weight": 1, "weight": 2}');
    await page.getByText('Line 1: this name is there already.').waitFor();
    assert.deepEqual(await stored(pages(), 'logging'), logging);
    assert.deepEqual(complaints(), []);
  });

  it('marks the line that the server refuses: a bad filter, a bad value', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets/logging');
    await editorOf(page).fill(textOf({ weight: 1, when: 'oui == 1' }));
    await page.getByText(/Line 3: .*\(column 6\)/).waitFor();
    await editorOf(page).fill(textOf({ when: dgws, set: { [severity]: 'Loud' } }));
    await page.keyboard.press('Control+Enter');
    await page.getByText(/Line 4: .*MinSeverity/).waitFor();
    assert.match(await page.locator('.ln.err').innerText(), /Loud/);
    onlyRefused(complaints(), 400);
  });

  it('completes fields, parameters, their values, and filters', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets/logging');
    const editor = editorOf(page);
    const complete = async (text: string, part: string, option: RegExp | string): Promise<void> => {
      await editor.fill(text);
      await page.getByText('Fits 2,').waitFor();
      await caretBehind(editor, part);
      await page.keyboard.press('Control+Space');
      await page.getByRole('option', { name: option }).first().waitFor();
      while ((await page.getByRole('option', { name: option, selected: true }).count()) === 0)
        await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByRole('listbox').waitFor({ state: 'hidden' });
    };
    const whole = textOf({ when: dgws, set: { [severity]: 'Warning' } });
    await complete(whole.replace(severity, 'MinSev'), 'MinSev', /Cwmp\.MinSeverity/);
    assert.equal(await editor.inputValue(), whole);
    await complete(whole.replace('Warning', ''), `${severity}": "`, 'Error');
    assert.equal(await editor.inputValue(), whole.replace('Warning', 'Error'));
    await complete(`{\n  "res"\n}`.replace('"res"', `"when": "",\n  "res": ""`), '"res', /^restart/);
    assert.match(await editor.inputValue(), /"restart": ""/);
    await complete(textOf({ when: '' }), '"when": "', /^productClass/);
    assert.match(await editor.inputValue(), /"when": "productClass "/);
    onlyRefused(complaints(), 400);
  });

  it('is written as a form, which keeps the kinds of values', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', '/presets/logging', { ...logging, set: { [interval]: 3600 } });
    const page = await open('/presets/logging');
    await page.getByRole('button', { name: 'Form' }).click();
    await page.getByLabel('Weight', { exact: true }).fill('7');
    await page.getByLabel(`Value of ${interval}`).fill('1800');
    await page.getByLabel('Path of a further value').fill(severity);
    await page.keyboard.press('Enter');
    await page.getByLabel(`Value of ${severity}`).fill('Info');
    await page.getByLabel('Restart for values that wait for it').selectOption('When no call is up');
    await page.keyboard.press('Control+s');
    await page.getByText('logging is saved.').waitFor();
    const set = { [interval]: 1800, [severity]: 'Info' };
    assert.deepEqual(await stored(pages(), 'logging'), { when: dgws, weight: 7, set, restart: 'idle' });
    assert.deepEqual(complaints(), []);
  });

  it('asks before an unsaved text is left, and keeps it through a reload', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets');
    await page.getByRole('link', { name: 'logging' }).click();
    await editorOf(page).fill('{"weight": 8}');
    page.on('dialog', dialog => void dialog.accept());
    await page.reload();
    await page.getByText('changed, not saved', { exact: true }).waitFor();
    assert.equal(await editorOf(page).inputValue(), '{"weight": 8}');
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).press('Enter');
    assert.match(page.url(), /\/presets\/logging$/);
    await page.goBack();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep and leave' }).press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Presets' }).waitFor();
    await page.getByRole('link', { name: 'logging' }).click();
    assert.equal(await editorOf(page).inputValue(), '{"weight": 8}');
    await page.getByRole('link', { name: 'Devices' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard and leave' }).press('Enter');
    await page.waitForURL(/\/devices$/);
    assert.equal(await page.evaluate(() => sessionStorage.getItem('tandem.preset.logging')), null);
    assert.deepEqual(complaints(), []);
  });

  it('is begun new by n, stored by saving alone, copied, deleted with its effect, and restored', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets');
    await page.getByRole('link', { name: 'logging' }).waitFor();
    await page.keyboard.press('n');
    await page.getByLabel('Name', { exact: true }).fill('logging');
    await page.getByText('There is a preset of this name.').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('fresh');
    await page.keyboard.press('Enter');
    await page.getByText('new, not saved', { exact: true }).waitFor();
    await editorOf(page).fill(textOf(fresh));
    await page.getByText(/2 would change/).waitFor();
    await page.getByText('Against other presets').waitFor();
    await page.getByRole('link', { name: 'logging' }).waitFor();
    await page.keyboard.press('Control+s');
    await page.getByText('fresh is saved.').waitFor();
    await page.getByRole('button', { name: 'Copy…' }).click();
    await page.getByLabel('Name', { exact: true }).fill('copied');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'copied' }).waitFor();
    assert.deepEqual(JSON.parse(await editorOf(page).inputValue()), await stored(pages(), 'fresh'));
    await page.goto(page.url().replace('copied', 'fresh'));
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('dialog').getByText('One of each kind').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).press('Enter');
    await page.getByText('fresh is deleted.').waitFor();
    await page.getByText('1 deleted preset', { exact: true }).click();
    await page.getByRole('link', { name: 'fresh' }).click();
    await page.getByRole('button', { name: /^Restore/ }).click();
    await editorOf(page).waitFor();
    assert.deepEqual(await stored(pages(), 'fresh'), fresh);
    onlyRefused(complaints(), 404);
  });

  it('is read by a viewer, who is offered nothing that changes it', async () => {
    const { open, complaints } = pages();
    const page = await open('/presets', { role: 'viewer' });
    await page.getByRole('link', { name: 'logging' }).click();
    await editorOf(page).waitFor();
    await page.getByText('Your role may read presets, not change them.').waitFor();
    assert.equal(await editorOf(page).getAttribute('readonly'), '');
    for (const name of ['Save', 'Copy…', 'Delete…'])
      assert.equal(await page.getByRole('button', { name }).count(), 0, name);
    assert.deepEqual(complaints(), []);
  });
});
