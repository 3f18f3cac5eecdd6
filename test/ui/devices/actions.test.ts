// Actions on all devices that match, in Chromium: dry run, count, job; on stored devices and on live gateways.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { eventually } from '../../support/eventually.ts';
import { type Pages, pagesSuite } from '../support/pages-world.ts';
import { seedDevices, seededId } from '../support/seeded-devices.ts';

const COUNT = 300;
const opened = async ({ open }: Pages, filter: string, user = {}): Promise<Page> => {
  const page = await open(`/devices?q=${encodeURIComponent(filter)}`, user);
  await page.locator('tbody th a').first().waitFor();
  return page;
};
/** Opens the dialog of an action by keys. */
async function act(page: Page, name: string): Promise<void> {
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Act on all that match' }).waitFor();
  await page.keyboard.press('a');
  await page.getByRole('menuitem', { name }).press('Enter');
  await page.getByRole('dialog').waitFor();
}
const count = async (pages: Pages, filter: string): Promise<number> =>
  Number((await pages.call('GET', `/devices?count=true&limit=1&filter=${encodeURIComponent(filter)}`)).total);

pagesSuite('actions on all devices that match', pages => {
  before(async () => {
    await seedDevices(pages().world, COUNT);
  });

  it('tags them by a job, once their number is typed', async () => {
    const page = await opened(pages(), 'tag = "voice-tls"');
    await act(page, 'Tag…');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Add tags').fill('wave-1, vip');
    await dialog.getByText('Would be asked').waitFor();
    const button = dialog.getByRole('button', { name: 'Tag 300' });
    assert.equal(await button.isDisabled(), true);
    const field = dialog.getByLabel('Number of devices');
    await field.fill('299');
    assert.equal(await button.isDisabled(), true);
    await field.fill('300');
    await field.press('Enter');
    await page.getByRole('status').getByText('Tag 300 devices: begun').waitFor();
    await eventually(
      'the job reaches them',
      async () => (await count(pages(), 'tag = "wave-1" and tag = "vip"')) === COUNT,
    );
    const { items } = await pages().call('GET', '/jobs');
    const [job] = items as { name: string; filter: string; parallelism: number }[];
    assert.equal(job?.filter, 'tag = "voice-tls"');
    await page.getByRole('link', { name: 'Show the job' }).click();
    await page.waitForURL(/\/ui\/rollouts\//);
    assert.deepEqual(pages().complaints(), []);
  });

  it('is refused where their number has moved, and counts again', async () => {
    const page = await opened(pages(), 'tag = "pilot"');
    await act(page, 'Tag…');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Remove tags').fill('fax');
    await dialog.getByText('Would be asked').waitFor();
    await pages().call('PATCH', `/devices/${encodeURIComponent(seededId(1))}`, { tags: { add: ['pilot'] } });
    await dialog.getByRole('button', { name: 'Tag 6' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await dialog.getByRole('button', { name: 'Tag 7' }).click();
    await eventually('the job reaches them', async () => (await count(pages(), 'tag = "pilot" and tag = "fax"')) === 0);
    assert.ok(
      pages()
        .complaints()
        .every(text => /409/.test(text)),
    );
  });

  it('asks nothing of the server before the form is filled in, and closes by Escape', async () => {
    const page = await opened(pages(), 'tag = "fax"');
    const asked: string[] = [];
    page.on('request', request => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await act(page, 'Set values…');
    await page.getByText('The dry run follows once this is filled in.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.ok(!asked.some(call => call.startsWith('POST')));
    assert.deepEqual(pages().complaints(), []);
  });

  it('sets values on live gateways', async () => {
    const { world, call } = pages();
    for (const serial of ['0090F8EE0001', '0090F8EE0002']) await (await world.gateway({ serial })).boot();
    const page = await opened(pages(), 'serial like "0090F8EE%"');
    await act(page, 'Set values…');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Parameter').fill('Device.X_0090F8_Cwmp.MinSeverity');
    await dialog.getByLabel('Value').fill('Debug');
    await dialog.getByText(/^0090F8-4102S-0090F8EE0001/).waitFor();
    await dialog.getByRole('button', { name: 'Set on 2' }).press('Enter');
    await page.getByRole('status').getByText('Set values on 2 devices: begun').waitFor();
    await eventually('its task is done', async () => {
      const { items } = await call('GET', '/tasks?device=0090F8-4102S-0090F8EE0002&fields=method,state');
      return (items as { state: string }[]).some(({ state }) => state === 'done');
    });
    assert.deepEqual(pages().complaints(), []);
  });

  it('reboots and forgets as what is dangerous', async () => {
    const page = await opened(pages(), 'serial like "0090F8EE%"');
    await act(page, 'Reboot…');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Calls that are up are cut.').waitFor();
    assert.equal(await dialog.getByLabel('Stop after failures').inputValue(), '1');
    await dialog.getByRole('button', { name: 'Reboot 2' }).click();
    await page.getByRole('status').getByText('Reboot 2 devices: begun').waitFor();
    await act(page, 'Forget…');
    await dialog.getByRole('button', { name: 'Forget 2' }).click();
    await eventually('the job reaches them', async () => (await count(pages(), 'serial like "0090F8EE%"')) === 0);
    assert.deepEqual(pages().complaints(), []);
  });

  it('holds and approves devices', async () => {
    const filter = `id = "${seededId(5)}"`;
    const page = await opened(pages(), filter);
    await act(page, 'Hold…');
    await page.getByRole('dialog').getByRole('button', { name: 'Hold 1' }).click();
    await eventually('the job reaches them', async () => (await count(pages(), `${filter} and state = "held"`)) === 1);
    await act(page, 'Approve…');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve 1' }).click();
    await eventually(
      'the job reaches them',
      async () => (await count(pages(), `${filter} and state = "enrolled"`)) === 1,
    );
    assert.deepEqual(pages().complaints(), []);
  });

  it('announces a device, whose id comes back as it was typed', async () => {
    const page = await opened(pages(), '');
    await page.getByRole('button', { name: 'Announce' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Id').fill('0090F8-4102S-A%2FB%20c%25');
    await dialog.getByLabel('Site').fill('Wels');
    await dialog.getByLabel('Tags').fill('new');
    await dialog.getByRole('button', { name: 'Announce' }).click();
    await page.getByRole('status').getByText('0090F8-4102S-A%2FB%20c%25 is announced').waitFor();
    await page.getByRole('textbox', { name: 'Filter' }).fill('tag = "new"');
    const link = page.getByRole('grid').getByRole('link', { name: 'A/B c%' });
    await link.click();
    await page.waitForURL(url => url.pathname.includes('A%252FB%2520c%2525'));
    assert.equal(await count(pages(), 'serial = "A/B c%"'), 1);
    assert.deepEqual(pages().complaints(), []);
  });

  it('leads to the wizard of rollouts with the filter', async () => {
    const page = await opened(pages(), 'tag = "fax"');
    await page.getByRole('button', { name: 'Roll out…' }).click();
    await page.waitForURL(/\/ui\/rollouts\/new\?.*fax/);
    assert.deepEqual(pages().complaints(), []);
  });
});
