// Staged changes of values: kept over reloads and sign-ins, looked at once more, refused one by one.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { eventually } from '../../support/eventually.ts';
import { done } from '../../support/worlds/world.ts';
import { type ForeignDevice, foreignDevice, tr098 } from '../support/foreign-devices.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { editValue, knownTo, readGateway, rowOf, tabOf } from '../support/read-gateway.ts';

const IGD = 'InternetGatewayDevice.';
const SSID = `${IGD}LANDevice.1.WLANConfiguration.1.SSID`;
const LINE = `${IGD}Services.VoiceService.1.VoiceProfile.1.Line.1.DirectoryNumber`;
const EVIL = '<img src=x onerror="document.title=1">';

const drawerOf = (page: Page) => page.getByRole('complementary', { name: 'Staged changes' });

async function stage(page: Page, path: string, value: string): Promise<void> {
  await editValue(page, path);
  await page.getByRole('textbox', { name: path.split('.').at(-1) ?? '', exact: true }).fill(value);
  await page.keyboard.press('Enter');
}

pagesSuite('staged changes in the pages', pages => {
  let router: ForeignDevice;
  let id: string;
  let at: string;
  before(async function () {
    this.timeout(60_000);
    const { world } = pages();
    router = await foreignDevice(
      world,
      { ...tr098.identity, productClass: 'BR42' },
      {
        ...tr098.tree,
        [SSID]: { value: EVIL, takes: value => value.length <= 32 },
        [LINE]: { value: '101' },
      },
    );
    id = router.cpe.id;
    at = tabOf(id, 'parameters');
    await router.informs('0 BOOTSTRAP', '1 BOOT');
    await done(world, id, { method: 'GetParameterValues', args: { ParameterNames: [IGD] } });
    await done(world, id, { method: 'GetParameterNames', args: { ParameterPath: IGD, NextLevel: false } });
  });
  after(async () => await router?.close());

  it('survive a reload, and are gone once the device has taken them', async () => {
    const { open, complaints } = pages();
    const page = await open(at);
    await stage(page, LINE, '102');
    await page.reload();
    await drawerOf(page).getByText('102').waitFor();
    await page.keyboard.press('Control+Enter');
    await drawerOf(page).waitFor({ state: 'detached' });
    await page.getByText('The device has taken 1 value').waitFor();
    assert.equal(router.cpe.value(LINE), '102');
    assert.deepEqual(complaints(), []);
  });

  it('show what the device says as text', async () => {
    const page = await pages().open(at);
    await page.getByRole('searchbox').fill('SSID');
    await rowOf(page, SSID).getByText(EVIL).waitFor();
    await stage(page, SSID, `${EVIL}2`);
    await drawerOf(page).getByText(`${EVIL}2`).waitFor();
    assert.notEqual(await page.title(), '1');
    assert.equal(await page.locator('main img').count(), 0);
  });

  it('are marked with the fault of each, and the others as not set, when one is refused', async () => {
    const { open } = pages();
    const page = await open(at);
    await stage(page, LINE, '103');
    await stage(page, SSID, 'x'.repeat(33));
    await page.getByRole('searchbox').fill('');
    await page.keyboard.press('Control+Enter');
    await drawerOf(page).getByText(/^9007/).waitFor();
    await drawerOf(page).getByText('Not set, because all go or none.').waitFor();
    await page.getByRole('searchbox').fill('SSID');
    await rowOf(page, SSID).getByText('refused: 9007').waitFor();
    assert.equal(router.cpe.value(LINE), '102');
    await page.getByRole('button', { name: `Drop this change: ${SSID}` }).click();
    await drawerOf(page).getByRole('button', { name: /^Send/ }).click();
    await drawerOf(page).waitFor({ state: 'detached' });
    assert.equal(router.cpe.value(LINE), '103');
  });

  it('that something else has overtaken say so, and wait for a decision', async () => {
    const { open, world } = pages();
    const page = await open(at);
    await stage(page, LINE, '200');
    await done(world, id, { method: 'SetParameterValues', args: { ParameterList: { [LINE]: '150' } } });
    await drawerOf(page).getByText('Changed meanwhile: 103 → 150, you wanted 200.').waitFor();
    await drawerOf(page).getByRole('button', { name: 'Set 200 all the same' }).click();
    await drawerOf(page).getByRole('button', { name: /^Send/ }).click();
    await drawerOf(page).waitFor({ state: 'detached' });
    assert.equal(router.cpe.value(LINE), '200');
  });

  it('are there after the session has ended and the next sign-in', async () => {
    const { open, call } = pages();
    const page = await open(at);
    await stage(page, LINE, '301');
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Next Inform' }).click();
    await page.getByRole('button', { name: /^Send/ }).click();
    await page.waitForURL(/\/ui\/login/);
    await call('POST', '/users', { name: 'late', role: 'operator', password: 'correct horse battery' });
    await page.getByLabel('Name').fill('late');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await drawerOf(page).getByText('301').waitFor();
    await page.getByRole('button', { name: 'Next Inform' }).click();
    await page.getByRole('button', { name: /^Send/ }).click();
    await drawerOf(page).getByText('Sent. It waits for the device.').waitFor();
    await router.informs('2 PERIODIC');
    await drawerOf(page).waitFor({ state: 'detached' });
    assert.equal(router.cpe.value(LINE), '301');
  });

  it('of a password are masked, kept in memory alone, and an untouched mask is no change', async () => {
    const { open } = pages();
    const gateway = await readGateway(pages());
    const path = 'Device.X_0090F8_Cwmp.Password';
    const page = await open(tabOf(gateway, 'parameters'));
    await editValue(page, path);
    const field = page.getByLabel('Password', { exact: true });
    await field.fill('new secret');
    await drawerOf(page).getByText('***').first().waitFor();
    const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
    assert.ok(!kept.includes('new secret'));
    await field.fill('');
    await drawerOf(page).waitFor({ state: 'detached' });
    await field.fill('new secret');
    await page.reload();
    await drawerOf(page)
      .getByText(/Passwords are not kept/)
      .waitFor();
  });

  it('wait for a device that cannot be reached, with the reason', async () => {
    const { open, call } = pages();
    const page = await open(at);
    await stage(page, LINE, '400');
    await router.close();
    await page.getByRole('button', { name: /^Send/ }).click();
    await page.getByText(/Sent\. It waits for the device: /).waitFor();
    await eventually('the task waits', async () => {
      const { items } = await call('GET', `/tasks?device=${id}&state=queued`);
      return (items as unknown[]).length === 1;
    });
    await page.reload();
    await drawerOf(page).getByText('Sent. It waits for the device.').waitFor();
    await router.informs('2 PERIODIC');
    await drawerOf(page).waitFor({ state: 'detached' });
    assert.equal(await knownTo(pages(), id, LINE), '400');
  });
});
