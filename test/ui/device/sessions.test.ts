// The sessions of a device, in Chromium: the list, the ladder, the trace.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { done } from '../../support/worlds/world.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { readGateway, tabOf } from '../support/read-gateway.ts';

const SEVERITY = 'Device.X_0090F8_Cwmp.MinSeverity';

pagesSuite('the sessions of a device in the pages', pages => {
  let id: string;
  let at: string;
  before(async function () {
    this.timeout(60_000);
    id = await readGateway(pages());
    at = tabOf(id, 'sessions');
  });

  it('are listed without a trace, with what a trace costs', async () => {
    const { open, complaints } = pages();
    const page = await open(at);
    await page.getByText('0 BOOTSTRAP, 1 BOOT').first().waitFor();
    await page.getByText('Its messages are not kept').waitFor();
    await page.getByText(/at most 1 MB in the memory of the server/).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('are traced until an end that is chosen, and waking is watched', async () => {
    const { open, call } = pages();
    const page = await open(at);
    await page.getByRole('region', { name: 'Sessions' }).getByRole('button', { name: 'Trace for 15 min' }).click();
    await page.getByText(/Traced until \d\d:\d\d/).waitFor();
    const { on, until } = await call('GET', `/devices/${id}/trace`);
    assert.equal(on, true);
    assert.ok(Date.parse(String(until)) > 0);
    await page.getByRole('button', { name: 'Wake and watch' }).click();
    const ladder = page.getByRole('region', { name: 'Messages' });
    await ladder.getByText('Inform', { exact: false }).first().waitFor();
    await ladder.getByText('204, the session ends').waitFor();
    await page.getByRole('heading', { name: /6 CONNECTION REQUEST/ }).waitFor();
  });

  it('are a ladder whose fault explains itself, and whose XML is loaded when it is opened', async () => {
    const { open, call, world, complaints } = pages();
    await call('PUT', `/devices/${id}/trace`, { on: true });
    await done(world, id, { method: 'SetParameterValues', args: { ParameterList: { [SEVERITY]: 'Bogus' } } });
    const page = await open(at);
    await page.getByText('Nothing of the request was set: TR-069 A.3.2.1 has all or none.').waitFor();
    await page.getByRole('region', { name: 'Messages' }).getByText(SEVERITY).first().waitFor();
    const asked: string[] = [];
    page.on('request', request => {
      if (request.url().includes('/messages/')) asked.push(request.url());
    });
    const rung = page.locator('summary').filter({ hasText: 'SetParameterValues' }).first();
    assert.deepEqual(asked, []);
    await rung.focus();
    await page.keyboard.press('Enter');
    await page.getByText('<cwmp:SetParameterValues>').waitFor();
    assert.equal(asked.length, 1);
    await page.keyboard.press('ArrowUp');
    assert.match((await page.evaluate(() => document.activeElement?.textContent)) ?? '', /empty/);
    await page.keyboard.press('o');
    await page.getByText('<cwmp:Inform>').first().waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('are copied as text and downloaded as XML', async () => {
    const { open } = pages();
    const page = await open(at);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'As text' }).click();
    await page.getByText('Copied').waitFor();
    const text = await page.evaluate(async () => await navigator.clipboard.readText());
    assert.match(text, new RegExp(`^${id}  `));
    assert.match(text, /Fault 9003/);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'XML', exact: true }).click(),
    ]);
    assert.match(await readFile(await download.path(), 'utf8'), /<!-- .* cpe: Inform/);
  });

  it('show a viewer the list and the ladder, but no XML and no trace', async () => {
    const page = await pages().open(at, { role: 'viewer' });
    await page.getByText('Fault 9003').first().waitFor();
    assert.equal(await page.getByRole('button', { name: /^Trace for/ }).count(), 0);
    await page.locator('summary').filter({ hasText: 'Fault 9003' }).waitFor();
    assert.equal(await page.locator('pre').count(), 0);
    assert.equal(await page.getByRole('button', { name: 'All XML' }).count(), 0);
  });
});
