// Rollouts and jobs, in Chromium: the list, one of them in its states, and what an operator does with it.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { eventually } from '../../support/eventually.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { seedDevices } from '../support/seeded-devices.ts';
import { assertQuiet, shown } from '../support/shown.ts';

const XSS = '<img src=x onerror=alert(1)>';
const tag = (name: string): object => ({ tags: { add: [name] } });

pagesSuite('the pages of rollouts and jobs', pages => {
  const make = async (body: object): Promise<void> => {
    await pages().call('POST', '/jobs', body);
  };
  const comesTo = async (id: string, state: string): Promise<void> => {
    await eventually(`${id} ${state}`, async () => (await pages().call('GET', `/jobs/${id}`)).state === state, 30_000);
  };
  const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name });
  const confirmed = async (page: Page, action: string): Promise<void> => {
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: action }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
  };
  /** A job that wakes devices that do not answer, and is paused by its limit. */
  const paused = async (id: string): Promise<void> => {
    const failure = { total: 2 };
    await make({
      ...{ id, devices: { filter: 'online' }, do: [{ connectionRequest: true }, tag(id)] },
      ...{ waves: [4], failure, parallelism: 4 },
    });
    await comesTo(id, 'paused');
  };
  before(async () => {
    const { world } = pages();
    await seedDevices(world, 130, number => (number < 4 ? { town: XSS } : {}));
  });

  it('says so where there is none, and leads to the wizard', async () => {
    const page = await pages().open('/rollouts');
    await shown(page.getByRole('heading', { name: 'There is no rollout and no job yet' }));
    await page.getByRole('link', { name: 'New rollout or job' }).press('Enter');
    await shown(page.getByRole('heading', { name: 'New rollout or job' }));
    assertQuiet(pages());
  });

  it('lists them with state and progress, narrowed by state and by name', async () => {
    await make({ id: 'north', name: `Tag ${XSS}`, devices: { filter: 'site.name = "Graz"' }, do: [tag('north')] });
    await comesTo('north', 'done');
    await paused('wake');
    const page = await pages().open('/rollouts');
    const row = page.getByRole('row', { name: /wake/ });
    await shown(row.getByText('Paused'));
    await shown(row.getByText(/have failed; 2 are allowed|failed/).first());
    await shown(page.getByRole('link', { name: `Tag ${XSS}` }));
    await page.getByRole('link', { name: 'Done', exact: true }).press('Enter');
    await row.waitFor({ state: 'detached' });
    assert.match(page.url(), /state=done/);
    await page.getByRole('searchbox').fill('nothing like it');
    await shown(page.getByRole('heading', { name: 'None of this kind' }));
    assertQuiet(pages());
  });

  it('shows one with waves, limits, reasons and its devices, in the address', async () => {
    const page = await pages().open('/rollouts/wake');
    await shown(page.getByRole('region', { name: 'Wave 1' }).getByText('Open'));
    await shown(page.getByRole('region', { name: 'When it stops by itself' }).getByText(/of 2$/));
    await shown(page.getByRole('region', { name: /^Why \d failed/ }).getByText('not-woken'));
    await page
      .getByRole('link', { name: /^Planned \d/ })
      .first()
      .press('Enter');
    assert.match(page.url(), /state=planned/);
    const devices = page.getByRole('region', { name: 'Devices' });
    await shown(devices.getByRole('link', { name: /^0090F8/ }).first());
    await page.goBack();
    await page.getByRole('link', { name: /^Show: / }).press('Enter');
    assert.match(page.url(), /reason=not-woken/);
    await shown(devices.getByRole('link', { name: 'not-woken' }));
    await page.getByRole('link', { name: /as a filter$/ }).press('Enter');
    await page.waitForURL(/devices\?q=job/);
    await shown(page.getByRole('link', { name: /^0090F8/ }).first());
    assertQuiet(pages());
  });

  it('resumes, pauses, retries one reason, leaves devices out, aborts, and tells each in its log', async () => {
    const { open, call } = pages();
    await paused('acts');
    const page = await open('/rollouts/acts');
    const log = page.getByRole('region', { name: 'Log' });
    await page.getByRole('button', { name: /^Retry: / }).press('Enter');
    await shown(log.getByText(/^retried: \d+ devices/));
    await button(page, 'Resume').press('Enter');
    await shown(log.getByText(/^resumed/));
    await comesTo('acts', 'paused');
    await button(page, 'Abort…').press('Enter');
    const typed = page.getByRole('dialog').getByRole('textbox');
    const { planned = 0, away = 0 } = (await call('GET', '/jobs/acts')).totals as Record<string, number>;
    await typed.fill(String(planned + away));
    await confirmed(page, 'Abort');
    await shown(log.getByText(/^aborted/));
    await comesTo('acts', 'aborted');
    await button(page, 'More: clone, copy as curl').press('Enter');
    await page.getByRole('menuitem', { name: 'Delete…' }).press('Enter');
    await confirmed(page, 'Delete');
    await page.waitForURL(/\/rollouts$/);
    const { items } = await call('GET', '/jobs?find=acts');
    assert.deepEqual(items, []);
    assertQuiet(pages());
  });

  it('rolls back what can be undone', async () => {
    const { open, call } = pages();
    const page = await open('/rollouts/north');
    await button(page, 'Roll back…').press('Enter');
    await confirmed(page, 'Roll back');
    await comesTo('north', 'rolled-back');
    const { items } = await call('GET', '/devices?filter=tag%3D%22north%22');
    assert.deepEqual(items, []);
    await shown(page.getByText('Rolled back', { exact: true }));
    assertQuiet(pages());
  });

  it('waits for a second person, whom alone it lets approve', async () => {
    const { open, call } = pages();
    const author = await open(`/rollouts/new?q=${encodeURIComponent('site.name = "Linz"')}&kind=tags&add=linz&id=asks`);
    await author.getByRole('link', { name: 'How' }).press('Enter');
    await author.getByLabel('A second person has to approve it').press('Space');
    await author.getByRole('link', { name: 'Look and start' }).press('Enter');
    await button(author, /^Start on/).press('Enter');
    await shown(author.getByText('Waits for approval'));
    assert.equal(await button(author, 'Approve').getAttribute('aria-disabled'), 'true');
    const second = await open('/rollouts/asks');
    await button(second, 'Approve').press('Enter');
    await comesTo('asks', 'done');
    await shown(author.getByText('Done', { exact: true }).first());
    const { approval } = (await call('GET', '/jobs/asks')) as { approval?: { by: string } };
    await shown(author.getByText(`approved by ${approval?.by}`));
    assertQuiet(pages());
  });

  it('says why no device takes part, and that an address names none', async () => {
    const { open, world } = pages();
    await make({ id: 'none', devices: { filter: 'serial = "nowhere"' }, do: [tag('x')] });
    await comesTo('none', 'done');
    const page = await open('/rollouts/none');
    await shown(page.getByText('No device fits the selection.'));
    await world.acs.fleet.files.put('c9.bin', Buffer.from('x'), { type: 'firmware', version: '9', productClass: 'C9' });
    await make({ id: 'others', devices: { filter: 'site.name = "Wels"' }, do: [{ firmware: 'c9.bin' }] });
    await comesTo('others', 'done');
    await page.goto(page.url().replace('/none', '/others'));
    await shown(page.getByText('No device takes part'));
    await shown(page.getByRole('region', { name: /left out$/ }).getByText(/the image is for C9/));
    assertQuiet(pages());
    await page.goto(page.url().replace('/others', '/not-there'));
    await shown(page.getByRole('link', { name: 'Rollouts and jobs' }));
    await page.close();
    pages().complaints();
  });
});
