// The administration, in Chromium: users, roles, tokens, the own account, server, certificates, settings.
import assert from 'node:assert/strict';
import { pagesSuite } from './support/pages-world.ts';

pagesSuite('users, roles and tokens in the pages', pages => {
  it('makes a user, narrows its reach, disables and deletes it', async () => {
    const { open, call, complaints } = pages();
    const page = await open('/admin');
    await page.getByRole('button', { name: 'New user…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New user' });
    await dialog.getByLabel('Name').fill('ann');
    await dialog.getByLabel('Role').selectOption('operator');
    await dialog.getByLabel('Password').fill('short');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('Password').fill('correct horse battery');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'ann' }).click();
    const drawer = page.getByRole('complementary', { name: 'ann' });
    await drawer.getByRole('button', { name: 'Edit…' }).click();
    const edit = page.getByRole('dialog', { name: 'User ann' });
    await edit.getByLabel('Reaches').fill('site.region = "north"');
    await edit.getByLabel(/^Disabled/).check();
    await edit.getByRole('button', { name: 'Save' }).click();
    await drawer.getByText('disabled').waitFor();
    const user = await call('GET', '/users/ann');
    assert.deepEqual(
      [user.role, user.filter, user.disabled, user.hasPassword],
      ['operator', 'site.region = "north"', true, true],
    );
    await drawer.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill('ann');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('table').getByRole('link', { name: 'ann' }).waitFor({ state: 'detached' });
    assert.equal(complaints().length, 1);
  });

  it('shows a token once, its last use, and revokes it', async () => {
    const { open, base, complaints } = pages();
    const page = await open('/admin/tokens');
    await page.getByText('There are no tokens').waitFor();
    await page.getByRole('button', { name: 'New token…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New token' });
    await dialog.getByLabel('Name').fill('billing');
    await dialog.getByRole('button', { name: 'Make' }).click();
    const secret = String(await dialog.locator('code').textContent());
    const use = async (): Promise<number> => {
      const answer = await fetch(`${base}/api/v1/devices`, { headers: { authorization: `Bearer ${secret}` } });
      return answer.status;
    };
    assert.equal(await use(), 200);
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.reload();
    await page.getByRole('row', { name: /billing.*viewer/ }).waitFor();
    assert.equal(await page.getByText(secret).count(), 0);
    await page.getByRole('button', { name: 'Revoke…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('There are no tokens').waitFor();
    assert.equal(await use(), 401);
    assert.deepEqual(complaints(), []);
  });

  it('makes a role of operations, devices and parameters, and changes it', async () => {
    const { open, call, complaints } = pages();
    const page = await open('/admin/roles');
    await page.getByRole('button', { name: 'New role…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New role' });
    await dialog.getByLabel('Name').fill('helpdesk');
    await dialog.getByText('Operations of the operator').first().click();
    await dialog.getByLabel('connectionRequest', { exact: true }).check();
    await dialog.getByLabel('Devices that it reaches').fill('site.region = "north"');
    await dialog.getByLabel('May read').selectOption('these');
    await dialog.getByLabel('May set').selectOption('none');
    await dialog.getByLabel('Paths that may be read').fill('Device.WiFi.\nDevice.DeviceInfo.');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'helpdesk' }).click();
    assert.deepEqual(await call('GET', '/roles/helpdesk'), {
      name: 'helpdesk',
      builtIn: false,
      operations: ['read', 'connectionRequest'],
      devices: 'site.region = "north"',
      parameters: { read: ['Device.WiFi.', 'Device.DeviceInfo.'], set: [] },
    });
    const drawer = page.getByRole('complementary', { name: 'helpdesk' });
    await drawer.getByRole('button', { name: 'Edit…' }).click();
    const edit = page.getByRole('dialog', { name: 'Role helpdesk' });
    assert.equal(await edit.getByLabel('May set').inputValue(), 'none');
    await edit.getByLabel('May set').selectOption('these');
    await edit.getByLabel('Paths that may be set').fill('Device.WiFi.');
    await edit.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /helpdesk.*2 to read, 1 to set/ }).waitFor();
    await page.getByRole('link', { name: 'viewer' }).click();
    await page.getByRole('complementary', { name: 'viewer' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Edit…' }).count(), 0);
    assert.deepEqual(complaints(), []);
  });
});

pagesSuite('account, server and settings in the pages', pages => {
  it('changes the own password, and the session goes on', async () => {
    const page = await pages().open('/admin/account', { role: 'viewer' });
    assert.equal(await page.getByRole('link', { name: 'Users' }).count(), 0);
    await page.getByLabel('Current password').fill('correct horse battery');
    await page.getByLabel('New password', { exact: true }).fill('another horse battery');
    await page.getByLabel('New password again').fill('another horse');
    await page.getByText('The two are not the same').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Change' }).isDisabled(), true);
    await page.getByLabel('New password again').fill('another horse battery');
    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByText('The password is changed').waitFor();
    await page.reload();
    await page.getByText('Signed in').waitFor();
    // The event stream of the session before has ended with it, and a new one has begun.
    assert.deepEqual(
      pages()
        .complaints()
        .filter(complaint => !complaint.includes('ERR_INCOMPLETE_CHUNKED_ENCODING')),
      [],
    );
  });

  it('tells whether the server can work, and how devices reach it', async () => {
    const page = await pages().open('/admin/server');
    await page.getByText('It can work').waitFor();
    await page.getByText(pages().world.url).waitFor();
    await page.getByText('npm start -- backup acs.backup').waitFor();
    assert.deepEqual(pages().complaints(), []);
  });

  it('keeps settings: what is recorded, names of secrets, the map of claims', async () => {
    const { open, call, complaints } = pages();
    const page = await open('/admin/settings');
    const history = page.getByRole('region', { name: 'What is kept of devices' });
    await history.getByLabel('Parameters').fill('Device.DeviceInfo.UpTime\n');
    await history.getByLabel('Read each').fill('15m');
    await history.getByRole('button', { name: 'Save' }).click();
    await page.getByText('It is saved').waitFor();
    const rule = await call('GET', '/settings/history');
    assert.deepEqual([rule.parameters, rule.read], [['Device.DeviceInfo.UpTime'], '15m']);
    const secrets = page.getByRole('region', { name: 'Names that count as secret' });
    await secrets.getByLabel('Names').fill('pin');
    await secrets.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The names are saved').waitFor();
    assert.deepEqual((await call('GET', '/settings/secrets')).names, ['pin']);
    const oidc = page.getByRole('region', { name: 'Identity provider' });
    await oidc.getByLabel(/^Value of the roles claim/).fill('noc = operator\nwrong');
    await oidc.getByText('Line 2 is not VALUE = ROLE').waitFor();
    assert.equal(await oidc.getByRole('button', { name: 'Save' }).isDisabled(), true);
    await oidc.getByLabel(/^Value of the roles claim/).fill('noc = operator');
    await oidc.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The map is saved').waitFor();
    assert.deepEqual((await call('GET', '/settings/oidc')).map, [{ value: 'noc', role: 'operator' }]);
    // Settings that are not stored yet are answered 404.
    assert.equal(complaints().length, 2);
  });
});

pagesSuite(
  'certificates in the pages',
  pages => {
    it('shows which certificates the server has, with their ends', async () => {
      const page = await pages().open('/admin/certificates');
      await page
        .getByText(/ends in [\d,]+ days/)
        .first()
        .waitFor();
      await page.getByText('No device is known to have a certificate').waitFor();
      assert.deepEqual(pages().complaints(), []);
    });
  },
  { tls: true },
);
