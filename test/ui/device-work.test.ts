// Work with a device on its screen, in Chromium: dialogs, tasks, faults, files, history.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { pagesSuite } from './support/pages-world.ts';

const ID = '0090F8-4102S-0090F8000001';
const DGW = `/devices/${ID}`;

const choose = async (page: Page, entry: string): Promise<void> => {
  await page.getByRole('button', { name: 'More actions' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: entry }).press('Enter');
};

pagesSuite('work on the screen of a device', pages => {
  before(async () => {
    const { world } = pages();
    await (await world.gateway()).boot();
  });

  it('reads it again by a key, and shows the task with its result', async () => {
    const { open, call, complaints } = pages();
    const page = await open(`${DGW}/summary`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('r');
    await page.getByText('0090F8000001: read again is done').waitFor();
    assert.ok(Number((await call('GET', `${DGW}/parameters?limit=1&count=true`)).total) > 2000);
    await page.getByText('Test CA').waitFor();
    await page.getByRole('link', { name: 'Tasks' }).first().click();
    await page.getByRole('button', { name: 'GetParameterValues' }).press('Enter');
    await page.getByRole('heading', { name: 'Result' }).waitFor();
    assert.match((await page.locator('pre').last().textContent()) ?? '', /DeviceInfo/);
    assert.deepEqual(complaints(), []);
  });

  it('adds and takes tags, site fields and overrides, each by its dialog', async () => {
    const { open, call, complaints } = pages();
    await call('PATCH', DGW, { tags: ['old', 'kept'], site: { name: 'Villach', sipPassword: 'geheim' } });
    const page = await open(`${DGW}/summary`);
    await choose(page, 'Tags…');
    await page.getByLabel('Add').fill('fax voice');
    await page.getByRole('button', { name: 'Take old away' }).click();
    await page.getByRole('button', { name: 'Save tags' }).click();
    await page.getByRole('link', { name: 'voice' }).waitFor();
    await choose(page, 'Site fields…');
    await page.getByLabel('site.name').fill('Linz');
    await page.getByLabel('New field').fill('region');
    await page.keyboard.press('Enter');
    await page.getByLabel('site.region').fill('AT-North');
    await page.getByRole('button', { name: 'Save fields' }).click();
    await page.getByText('AT-North').waitFor();
    await choose(page, 'Overrides…');
    await page.getByLabel('Parameter', { exact: true }).fill('Device.ManagementServer.PeriodicInformInterval');
    await page.getByLabel('Value').fill('600');
    await page.getByRole('button', { name: 'Save override' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const { tags, site, overrides } = await call('GET', DGW);
    assert.deepEqual((tags as string[]).sort(), ['fax', 'kept', 'voice']);
    assert.deepEqual(site, { name: 'Linz', region: 'AT-North', sipPassword: '***' });
    assert.deepEqual(Object.keys(overrides as object), ['Device.ManagementServer.PeriodicInformInterval']);
    assert.ok(!(await page.content()).includes('geheim'));
    assert.equal(String((await pages().world.acs.fleet.devices.row(ID)).site.sipPassword).includes('***'), false);
    await call('PATCH', DGW, { overrides: { 'Device.ManagementServer.PeriodicInformInterval': null } });
    assert.deepEqual(complaints(), []);
  });

  it('asks for the serial number before a factory reset, and gives the focus back', async () => {
    const { open, call, complaints } = pages();
    const page = await open(`${DGW}/summary`);
    await choose(page, 'Factory reset…');
    const reset = page.getByRole('button', { name: 'Reset to factory settings' });
    assert.ok(await reset.isDisabled());
    await page.getByLabel('Type 0090F8000001 to confirm').fill('0090F8');
    assert.ok(await reset.isDisabled());
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const { items } = await call('GET', `/tasks?device=${encodeURIComponent(ID)}&method=FactoryReset`);
    assert.deepEqual(items, []);
    assert.deepEqual(complaints(), []);
  });

  it('traces for a quarter of an hour by a key, reboots, and shows what comes live', async () => {
    const { open, call, complaints } = pages();
    const page = await open(`${DGW}/summary`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('t');
    await page.getByText('is traced for 15 min').waitFor();
    const { on, until } = await call('GET', `${DGW}/trace`);
    assert.equal(on, true);
    assert.ok(Date.parse(String(until)) > Date.now());
    await page.getByRole('button', { name: 'Reboot…' }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Reboot' }).click();
    await page.getByText('0090F8000001: reboot is done').waitFor({ timeout: 40_000 });
    await page.getByText(/Session ok in .*M Reboot/).waitFor();
    await call('PUT', `${DGW}/trace`, { on: false });
    assert.deepEqual(complaints(), []);
  });

  it('pings from it, and shows what came of it', async () => {
    const { open, complaints } = pages();
    const page = await open(`${DGW}/summary`);
    await choose(page, 'Ping and traceroute…');
    await page.getByLabel('To').fill('127.0.0.1');
    await page.keyboard.press('Enter');
    const result = page.getByRole('region', { name: 'Ping 127.0.0.1' });
    await result.getByText('Done').waitFor({ timeout: 40_000 });
    await result.getByText('Average').waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('holds it, shows that nothing is set on it, and approves it', async () => {
    const { open, call, complaints } = pages();
    const page = await open(`${DGW}/summary`);
    await choose(page, 'Hold…');
    await page.getByRole('dialog').getByRole('button', { name: 'Hold', exact: true }).click();
    await page.getByText('It is held: nothing is set on it').waitFor({ timeout: 30_000 });
    assert.equal((await call('GET', DGW)).state, 'held');
    assert.ok(await page.getByRole('button', { name: 'Reboot…' }).isDisabled());
    await page.getByRole('button', { name: 'Approve…' }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click();
    await eventually('the approval', async () => (await call('GET', DGW)).state === 'enrolled');
    await page.getByText('It is held: nothing is set on it').waitFor({ state: 'detached' });
    assert.deepEqual(complaints(), []);
  });

  it('backs it up twice and shows the difference', async () => {
    const { open, call, complaints } = pages();
    const page = await open(`${DGW}/files`);
    await page.getByText('No backup was made').waitFor();
    await page.getByRole('button', { name: 'Back up now' }).press('Enter');
    await page.getByText('No. 1').waitFor({ timeout: 30_000 });
    const set = { 'Device.X_0090F8_Aaa.LoginLockedMaxRetry': '4' };
    await call('POST', `${DGW}/tasks?wait=30`, { method: 'SetParameterValues', args: { ParameterList: set } });
    await page.getByRole('button', { name: 'Back up now' }).press('Enter');
    await page.getByText('No. 2').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Compare with 1' }).press('Enter');
    await page.getByRole('heading', { name: 'From backup 1 to 2' }).waitFor();
    await page.locator('ins', { hasText: 'LoginLockedMaxRetry' }).first().waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('draws what is recorded of it', async () => {
    const { open, call, complaints } = pages();
    const page = await open(`${DGW}/history`);
    await page.getByRole('heading', { name: 'No value of it is recorded' }).waitFor();
    await call('PUT', '/settings/history', { parameters: ['Device.DeviceInfo.UpTime'], events: true });
    const args = { ParameterNames: ['Device.DeviceInfo.'] };
    for (let round = 0; round < 2; round++)
      await call('POST', `${DGW}/tasks?wait=30`, { method: 'GetParameterValues', args });
    await eventually('a series', async () => ((await call('GET', `${DGW}/history`)).paths as string[]).length === 1);
    await page.reload();
    await page.getByRole('img', { name: /Device.DeviceInfo.UpTime between/ }).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('shows its fault first, and gives it the field that it lacks', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', '/presets/voice', {
      set: { 'Device.UserInterface.ISPHomePage': '{{site.sipProxy}}' },
    });
    await call('POST', `${DGW}/connection-request`);
    const faults = async (): Promise<number> => ((await call('GET', DGW)).faults as unknown[]).length;
    await eventually('a fault', async () => (await faults()) === 1);
    const page = await open(`${DGW}/summary`);
    await page.locator('.note', { hasText: 'variable-missing' }).waitFor();
    await page.getByRole('link', { name: 'Preset voice' }).waitFor();
    await page.getByRole('button', { name: 'Give it site.sipProxy…' }).press('Enter');
    await page.getByLabel('site.sipProxy').fill('http://proxy.example');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(((await call('GET', DGW)).site as Record<string, string>).sipProxy, 'http://proxy.example');
    await page.keyboard.press('w');
    await page.locator('.note', { hasText: 'variable-missing' }).waitFor({ state: 'hidden' });
    assert.equal(await faults(), 0);
    await page.getByRole('link', { name: 'Faults', exact: true }).last().click();
    await page.getByRole('heading', { name: 'No fault' }).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('sends it a stored file, and shows that in its files', async () => {
    const { open, call, base, complaints } = pages();
    const stored = await fetch(`${base}/api/v1/files/note.cfg?type=script`, {
      method: 'PUT',
      headers: { authorization: 'Bearer test-token', 'content-type': 'application/octet-stream' },
      body: 'Aaa.LoginLockedMaxRetry=3\n',
    });
    assert.ok(stored.ok);
    const page = await open(`${DGW}/files`);
    await page.getByRole('button', { name: 'Send a file…' }).press('Enter');
    await page.getByLabel('File', { exact: true }).selectOption('note.cfg');
    await page.getByRole('dialog').getByRole('button', { name: 'Send file' }).click();
    await page
      .getByRole('row', { name: /note\.cfg/ })
      .getByText('Done')
      .waitFor();
    const { items } = await call('GET', `${DGW}/files`);
    assert.equal((items as { file: string }[])[0]?.file, 'note.cfg');
    assert.deepEqual(complaints(), []);
  });

  it('puts another device in its place, undoes that, and forgets the other', async () => {
    const { open, call, complaints } = pages();
    await call('POST', '/devices', { id: '0090F8-4102S-0090F80000AA' });
    const page = await open(`${DGW}/summary`);
    await choose(page, 'Swap…');
    await page.getByLabel('Id of the other device').fill('0090F8-4102S-0090F80000AA');
    await page.getByRole('button', { name: 'Swap', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: '0090F80000AA' }).waitFor();
    assert.equal((await call('GET', DGW)).state, 'replaced');
    await page.getByRole('link', { name: ID }).click();
    await page.getByText('Another device has its place:').waitFor();
    await choose(page, 'Undo the swap');
    await page.getByText('Another device has its place:').waitFor({ state: 'hidden' });
    assert.equal((await call('GET', DGW)).state, 'enrolled');
    await page.goto(page.url().replace('0090F8000001', '0090F80000AA'));
    await choose(page, 'Forget…');
    await page.getByRole('dialog').getByRole('button', { name: 'Forget the device' }).click();
    await page.getByText('0090F80000AA is forgotten').waitFor();
    const { total } = await call('GET', '/devices?count=true&limit=1&filter=serial%3D%220090F80000AA%22');
    assert.equal(total, 0);
    assert.deepEqual(complaints(), []);
  });
});
