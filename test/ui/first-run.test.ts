// The first run in Chromium: the link of the log makes the first user, the page shows how a gateway gets in, and the gateway appears.
import assert from 'node:assert/strict';
import { pagesSuite } from './support/pages-world.ts';

pagesSuite('the first run', pages => {
  it('makes the first user, announces a gateway, and shows it as soon as it comes', async () => {
    const { world, browser, base, complaints } = pages();
    const offer = await world.acs.fleet.access.firstUser.offer();
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${base}/ui/first#${offer?.code}`);
    await page.getByLabel('Name').fill('ann');
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Create' }).click();
    assert.equal((await world.acs.fleet.access.users.list()).length, 0, 'the browser refuses a short password');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Connect a gateway' }).waitFor();
    assert.ok(!page.url().includes(String(offer?.code)));
    await page.getByText('No device has come yet').waitFor();
    await page.getByLabel('Serial number').fill('0090F8000077');
    await page.getByRole('button', { name: 'Announce' }).press('Enter');
    const command = await page.getByText('npm run cpe -- run').innerText();
    const login = /--username (\S+) --password (\S+)/.exec(command);
    assert.ok(command.includes(`--acs ${world.url} `) && login);
    const [, username = '', password = ''] = login;
    const settings = { 'Cwmp.Username': username, 'Cwmp.Password': password };
    await (await world.gateway({ serial: '0090F8000077', settings })).boot();
    await page.getByRole('link', { name: '0090F8000077' }).waitFor();
    const [device] = (await pages().call('GET', '/devices')).items as { state: string; login: string }[];
    assert.deepEqual([device?.state, device?.login], ['enrolled', 'own']);
    await page.reload();
    await page.getByRole('link', { name: '0090F8000077' }).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('says that the link is spent, and leads who has a link of an admin into the pages', async () => {
    const { browser, base, call } = pages();
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${base}/ui/first#spent`);
    await page.getByLabel('Name').fill('eve');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('alert').getByText('there are users already').waitFor();
    await call('POST', '/users', { name: 'guest', role: 'viewer' });
    const { url } = (await call('POST', '/users/guest/link')) as { url: string };
    await page.goto(url);
    await page.getByRole('button', { name: 'Signed in as guest, viewer' }).waitFor();
    const other = await (await browser.newContext()).newPage();
    await other.goto(url);
    await other.getByRole('alert').getByText('the link is wrong, spent').waitFor();
  });
});
