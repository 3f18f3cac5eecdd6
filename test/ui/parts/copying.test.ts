// Texts that are copied from the pages, in Chromium, and the rest that is done with one value.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { pagesSuite } from '../support/pages-world.ts';
import { knownTo, readGateway, rowOf, tabOf } from '../support/read-gateway.ts';

const PATH = 'Device.X_0090F8_Cwmp.MinSeverity';

/** Presses a button that copies. @returns what a reader pastes then */
async function copiedBy(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name, exact: true }).press('Enter');
  await page.getByRole('button', { name: 'Copied' }).first().waitFor();
  return String(await page.evaluate('navigator.clipboard.readText()'));
}

pagesSuite('copies from the pages', pages => {
  it('are path, value and call of a parameter, which becomes a column and is recorded', async () => {
    const id = await readGateway(pages());
    const { open, call, complaints } = pages();
    const page = await open(`${tabOf(id, 'parameters')}?path=${PATH}`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await rowOf(page, PATH).click({ position: { x: 20, y: 10 } });
    assert.equal(await copiedBy(page, 'Copy path'), PATH);
    await page.getByRole('button', { name: 'Copy path' }).waitFor();
    assert.equal(await copiedBy(page, 'Copy value'), await knownTo(pages(), id, PATH));
    await page.getByRole('button', { name: 'Copy value' }).waitFor();
    assert.match(await copiedBy(page, 'Copy as curl'), /^curl -H "Authorization: Bearer \$TOKEN" '.*MinSeverity'$/);
    await page.getByRole('button', { name: 'Keep a history' }).press('Enter');
    await page.getByText('Its values are recorded from now on').waitFor();
    assert.deepEqual((await call('GET', '/settings/history')).parameters, [PATH]);
    await page.getByRole('link', { name: 'Pin as column' }).press('Enter');
    await page.getByRole('columnheader', { name: 'MinSeverity' }).waitFor();
    // Nothing was recorded before: the browser notes the 404.
    assert.deepEqual(
      complaints().filter(text => !text.includes('404')),
      [],
    );
  });

  it('are the calls of dialogs, without the secrets that were typed', async () => {
    const { open, complaints } = pages();
    const dialogs: [string, string, Record<string, string>, RegExp][] = [
      ['/alerts', 'New alert…', { Name: 'a' }, /-X PUT .*"severity":"warning".*\/alerts\/a'$/],
      ['/enrolment/rules', 'New rule…', { Name: 'r' }, /-X PUT .*\/enrolment\/rules\/r'$/],
      [
        '/admin/users',
        'New user…',
        { Name: 'u', Password: 'typed secret' },
        /-X POST .*"password":"\*\*\*".*\/users'$/,
      ],
      ['/admin/tokens', 'New token…', { Name: 't' }, /-X POST .*"role":"viewer".*\/tokens'$/],
      ['/files', 'Upload…', { Name: 'f.z' }, /-X PUT .*\/files\/f.z\?type=firmware' -T \.\/FILE$/],
    ];
    for (const [path, button, fields, call] of dialogs) {
      const page = await open(path);
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('button', { name: button }).click();
      for (const [label, text] of Object.entries(fields)) await page.getByRole('dialog').getByLabel(label).fill(text);
      const copied = await copiedBy(page, 'Copy as curl');
      assert.match(copied, call);
      assert.doesNotMatch(copied, /typed secret/);
    }
    assert.deepEqual(complaints(), []);
  });

  it('are made from a dialog too where the browser has no clipboard for plain HTTP', async () => {
    const page = await pages().open('/admin/tokens');
    await page.getByRole('button', { name: 'New token…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New token' });
    await dialog.getByLabel('Name').fill('billing');
    await dialog.getByRole('button', { name: 'Make' }).click();
    await dialog.getByRole('button', { name: 'Copy' }).waitFor();
    await page.evaluate(() => {
      Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true });
      document.addEventListener('copy', () => {
        document.title = String(getSelection()) || (document.activeElement as HTMLTextAreaElement).value;
      });
    });
    await dialog.getByRole('button', { name: 'Copy' }).press('Enter');
    await dialog.getByRole('button', { name: 'Copied' }).waitFor();
    const secret = await dialog.locator('code').innerText();
    assert.ok(secret.length > 20);
    assert.equal(await page.title(), secret);
    assert.equal(await page.evaluate(() => document.activeElement?.closest('dialog') !== null), true);
  });
});
