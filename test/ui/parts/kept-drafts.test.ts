// Drafts of dialogs whose session ends, in Chromium: they are there after the next sign-in of the same user.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { pagesSuite } from '../support/pages-world.ts';

const PASSWORD = 'correct horse battery';

pagesSuite('drafts of dialogs whose session has ended', pages => {
  const signIn = async (page: Page, name: string): Promise<void> => {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('navigation').first().waitFor();
  };
  /** Types, loses the session by sending, signs in again, and opens the dialog once more. */
  async function typedAndSignedOut(page: Page, user: string, way: Way): Promise<Locator> {
    await page.getByRole('button', { name: way.button }).click();
    const dialog = page.getByRole('dialog');
    await way.type(dialog);
    await page.context().clearCookies();
    await dialog.getByRole('button', { name: way.send, exact: true }).click();
    await page.waitForURL(/\/ui\/login/);
    await signIn(page, user);
    await page.getByRole('button', { name: way.button }).click();
    return dialog;
  }
  interface Way {
    button: string;
    send: string;
    type: (dialog: Locator) => Promise<void>;
  }
  const alert: Way = {
    button: 'New alert…',
    send: 'Save',
    type: async dialog => {
      await dialog.getByLabel('Name').fill('kept');
      await dialog.getByLabel('Description').fill('typed before the session ended');
    },
  };
  const user: Way = {
    button: 'New user…',
    send: 'Save',
    type: async dialog => {
      await dialog.getByLabel('Name').fill('newcomer');
      await dialog.getByLabel('Password').fill('a secret of some length');
    },
  };
  const signedIn = async (path: string, name: string): Promise<Page> => {
    await pages().call('POST', '/users', { name, role: 'admin', password: PASSWORD });
    const page = await pages().open(path);
    await page.context().clearCookies();
    await page.reload();
    await signIn(page, name);
    return page;
  };

  it('are there for the same user, and gone once their dialog was closed', async () => {
    const page = await signedIn('/alerts', 'first');
    const dialog = await typedAndSignedOut(page, 'first', alert);
    assert.equal(await dialog.getByLabel('Description').inputValue(), 'typed before the session ended');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: alert.button }).click();
    assert.equal(await dialog.getByLabel('Description').inputValue(), '');
  });

  it('of a user are kept with the password in memory alone', async () => {
    const page = await signedIn('/admin/users', 'second');
    const dialog = await typedAndSignedOut(page, 'second', user);
    assert.equal(await dialog.getByLabel('Name').inputValue(), 'newcomer');
    assert.equal(await dialog.getByLabel('Password').inputValue(), 'a secret of some length');
    const stored = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
    assert.ok(!stored.includes('a secret'));
  });

  it('are not shown to another user', async () => {
    await pages().call('POST', '/users', { name: 'other', role: 'admin', password: PASSWORD });
    const page = await signedIn('/alerts', 'third');
    const dialog = await typedAndSignedOut(page, 'other', alert);
    assert.equal(await dialog.getByLabel('Description').inputValue(), '');
  });
});
