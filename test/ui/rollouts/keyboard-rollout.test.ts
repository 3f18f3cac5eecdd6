// A rollout by keyboard alone, on live gateways and on another maker's devices that refuse the image: planned, started, paused by its
// limit, understood, resumed.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { packFirmware } from '../../../shared/firmware.ts';
import { eventually } from '../../support/eventually.ts';
import { type ForeignDevice, foreignDevice, tr098 } from '../support/foreign-devices.ts';
import { pagesSuite } from '../support/pages-world.ts';

const GATEWAYS = 6;
const FOREIGN = 4;
const VERSION = '49.2.2941';

/** Presses Tab until this element has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 150; presses++) {
    if (await target.evaluate(element => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${target}`);
}

async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

async function write(page: Page, label: string, text: string): Promise<void> {
  await tabTo(page, page.getByLabel(label, { exact: true }));
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.type(text);
}

pagesSuite('a rollout by keyboard alone', pages => {
  const foreign: ForeignDevice[] = [];
  before(async () => {
    const { world } = pages();
    for (let at = 1; at <= GATEWAYS; at++) await (await world.gateway({ serial: `0090F800000${at}` })).boot();
    for (let at = 1; at <= FOREIGN; at++) {
      const device = await foreignDevice(world, { ...tr098.identity, serial: `BW000${at}` }, tr098.tree);
      foreign.push(device);
      await device.informs('0 BOOTSTRAP', '1 BOOT');
    }
    const image = packFirmware({ product: '4102S', version: VERSION, payload: Buffer.alloc(20_000, 7) });
    await world.acs.fleet.files.put('new.bin', image, { type: 'firmware', version: VERSION });
  });
  after(async () => {
    for (const device of foreign) await device.close();
  });

  it('is planned, started, paused by its limit, understood and resumed', async () => {
    const { open, call, complaints } = pages();
    const page = await open('/rollouts');
    await press(page, page.getByRole('link', { name: 'New rollout or job' }));
    const button = (name: string | RegExp): Locator => page.getByRole('button', { name });

    await page.getByRole('heading', { name: 'New rollout or job' }).waitFor();
    await page.keyboard.type('state = "enrolled"');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: '10 devices fit' }).waitFor();
    await press(page, button('Next'));
    await tabTo(page, page.getByLabel('Image'));
    await page.keyboard.type('new');
    await press(page, button('Next'));
    await write(page, 'Waves', '');
    await write(page, 'Soak, in minutes', '0');
    await write(page, 'Id', 'spring');
    await write(page, 'Failures let pass in a wave', '');
    await write(page, 'Failures let pass in all', '2');
    await press(page, button('Next'));
    await page.getByText('Wave 1: 10 devices').waitFor();
    await press(page, button('Start on 10 devices'));

    await page.getByRole('heading', { name: 'spring' }).waitFor();
    await page.getByText('Paused', { exact: true }).waitFor({ timeout: 40_000 });
    const paused = await call('GET', '/jobs/spring');
    assert.equal(paused.state, 'paused');
    const why = page.getByRole('region', { name: /^Why \d failed/ });
    await why
      .getByText(/^[34] of [34] have .* (BR-42|Bergwerk|00AABB)\. Of the others, 0 %\./)
      .first()
      .waitFor();

    await press(page, button('Resume'));
    await page.getByText('Done', { exact: true }).first().waitFor();
    const ended = async () => (await call('GET', '/jobs/spring')).state === 'done';
    await eventually('the rollout ends', ended, 60_000);
    await page
      .getByText(/^6 of 10 done/)
      .or(page.locator('.figure', { hasText: /^6/ }))
      .first()
      .waitFor();
    const { totals } = await call('GET', '/jobs/spring');
    assert.deepEqual(
      [(totals as Record<string, number>).done, (totals as Record<string, number>).failed],
      [GATEWAYS, FOREIGN],
    );
    const { items: updated } = await call('GET', `/devices?filter=${encodeURIComponent(`firmware = "${VERSION}"`)}`);
    assert.equal((updated as unknown[]).length, GATEWAYS);
    assert.deepEqual(complaints(), []);
  });
});
