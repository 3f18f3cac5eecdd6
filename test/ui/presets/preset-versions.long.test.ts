// Versions of a preset in the pages: compared and restored, and a change of another writer put together with the own one.
import assert from 'node:assert/strict';
import { pagesSuite } from '../support/pages-world.ts';
import { dgws, editorOf, interval, onlyRefused, severity, stored, textOf, versionsOf } from './preset-world.ts';

pagesSuite('versions of a preset in the pages', pages => {
  before(async () => {
    await (await pages().world.gateway()).boot();
  });

  it('are told with author and reason, compared as values and as text, and restored', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', '/presets/v', { when: dgws, set: { [severity]: 'Warning' } });
    await call('PUT', '/presets/v?comment=too%20quiet', { when: dgws, weight: 2, set: { [severity]: 'Debug' } });
    const [newest, oldest] = await versionsOf(pages(), 'v');
    const page = await open('/presets/v');
    await page.getByText('too quiet').waitFor();
    await page.getByText(`${severity}: Warning → Debug`).waitFor();
    await page.getByRole('link', { name: 'compare two' }).press('Enter');
    const comparison = page.getByRole('region', { name: 'Comparison' }).first();
    await comparison.getByText('Warning', { exact: true }).waitFor();
    assert.equal(new URL(page.url()).search, `?v=${oldest}&against=${newest}`);
    await comparison.getByLabel('Against').selectOption('what is in the editor');
    await editorOf(page).fill(textOf({ when: dgws, set: { [severity]: 'Error' } }));
    await comparison.getByText('Error', { exact: true }).waitFor();
    await comparison.getByRole('button', { name: 'As text' }).press('Enter');
    await comparison.getByText('added').first().waitFor();
    assert.match(await comparison.innerText(), /−.*removed.*"Warning"\s+\+.*added.*"Error"/s);
    await editorOf(page).fill('');
    await page.getByText('Line 1: the value is missing.').waitFor();
    await page.getByRole('button', { name: `Restore ${oldest}` }).press('Enter');
    await page.getByText('v is saved.').waitFor();
    await page.getByText('Mend it, then both can be put together.').waitFor();
    await page.getByRole('button', { name: 'Discard mine' }).press('Enter');
    assert.deepEqual(await stored(pages(), 'v'), { when: dgws, set: { [severity]: 'Warning' } });
    assert.equal(JSON.parse(await editorOf(page).inputValue()).set[severity], 'Warning');
    assert.deepEqual(complaints(), []);
  });

  it('of another writer are no loss: both changes are put together, conflicts are chosen', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', '/presets/w', { when: dgws, weight: 1, set: { [severity]: 'Warning', [interval]: 60 } });
    const page = await open('/presets/w');
    await editorOf(page).fill(textOf({ when: dgws, weight: 1, set: { [severity]: 'Error', [interval]: 90 } }));
    await call('PUT', '/presets/w', { when: dgws, weight: 9, set: { [severity]: 'Debug', [interval]: 60 } });
    await page.keyboard.press('Control+s');
    const view = page.getByRole('region', { name: 'What another writer has changed' });
    await view.getByText('Another writer has saved this preset meanwhile.').waitFor();
    assert.equal((await stored(pages(), 'w')).weight, 9, 'nothing was overwritten');
    await view.getByText('Choose in 1 row first.').waitFor();
    assert.equal(await view.getByRole('button', { name: 'Put both together' }).isDisabled(), true);
    await view.getByRole('radio', { name: `${severity}: yours, Error` }).press('Space');
    await view.getByRole('button', { name: 'Put both together' }).press('Enter');
    await view.waitFor({ state: 'detached' });
    await page.keyboard.press('Control+s');
    await page.getByText('w is saved.').waitFor();
    assert.deepEqual(await stored(pages(), 'w'), {
      when: dgws,
      weight: 9,
      set: { [severity]: 'Error', [interval]: 90 },
    });
    onlyRefused(complaints(), 412);
  });

  it('of another writer are noticed before the save where the page is looked at again', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', '/presets/x', { weight: 1 });
    const page = await open('/presets/x');
    await editorOf(page).fill('{"weight": 2}');
    await call('PUT', '/presets/x', { weight: 3 });
    page.on('dialog', dialog => void dialog.accept());
    await page.reload();
    const view = page.getByRole('region', { name: 'What another writer has changed' });
    await view.getByRole('radio', { name: 'weight: theirs, 3' }).press('Space');
    await view.getByRole('button', { name: 'Put both together' }).press('Enter');
    await view.waitFor({ state: 'detached' });
    assert.deepEqual(JSON.parse(await editorOf(page).inputValue()), { weight: 3 });
    assert.deepEqual(complaints(), []);
  });

  it('conflict with a preset that was created under the same name meanwhile', async () => {
    const { open, call, complaints } = pages();
    const page = await open('/presets');
    await page.getByRole('button', { name: 'New preset' }).click();
    await page.getByLabel('Name', { exact: true }).fill('twins');
    await page.keyboard.press('Enter');
    await editorOf(page).fill('{"weight": 2}');
    await call('PUT', '/presets/twins', { weight: 4 });
    await page.keyboard.press('Control+s');
    await page.getByRole('radio', { name: 'weight: yours, 2' }).press('Space');
    await page.getByRole('button', { name: 'Put both together' }).press('Enter');
    await page.keyboard.press('Control+s');
    await page.getByText('twins is saved.').waitFor();
    assert.deepEqual(await stored(pages(), 'twins'), { weight: 2 });
    onlyRefused(complaints(), 404, 412);
  });
});
