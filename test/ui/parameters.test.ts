// The parameters of a device, in Chromium.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { done } from '../support/worlds/world.ts';
import { type Pages, pagesSuite } from './support/pages-world.ts';

const DGW = '0090F8-4102S-0090F8000001';
const CWMP = 'Device.X_0090F8_Cwmp.';

/** A gateway whose values are all read. @returns its address in the pages */
async function readGateway({ world }: Pages, serial = '0090F8000001'): Promise<string> {
  await (await world.gateway({ serial })).boot();
  const id = `0090F8-4102S-${serial}`;
  await eventually(`${id} has come`, async () =>
    (await world.acs.fleet.devices.list({ limit: 10 })).items.some(({ view }) => view.id === id),
  );
  await done(world, id, { method: 'GetParameterValues', args: { ParameterNames: ['Device.'] } });
  return `/devices/${encodeURIComponent(id)}/parameters`;
}

const row = (page: Page, path: string) => page.locator(`[data-path="${path}"]`);

pagesSuite('the parameters of a device', pages => {
  let at: string;
  before(async function () {
    this.timeout(60_000);
    at = await readGateway(pages());
  });

  it('are found, edited by Enter, and sent by Ctrl Enter', async () => {
    const { open, call, complaints } = pages();
    const page = await open(at);
    await page.getByRole('treegrid', { name: 'Parameters' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('cwmp minsev');
    await row(page, `${CWMP}MinSeverity`).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');

    const editor = page.getByRole('combobox', { name: 'MinSeverity' });
    await editor.selectOption('Debug');
    await page.getByRole('complementary', { name: 'Staged changes' }).getByText('Debug').waitFor();
    await page.keyboard.press('Control+Enter');
    await page.getByText('The device has taken 1 value').waitFor();
    const { items } = await call('GET', `/devices/${DGW}/parameters?path=${CWMP}MinSeverity`);
    assert.equal((items as { value: string }[])[0]?.value, 'Debug');
    assert.deepEqual(complaints(), []);
  });
});
