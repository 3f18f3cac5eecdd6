// The wanted values of a device, in Chromium: states, deciders, faults, restarts.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { done } from '../../support/worlds/world.ts';
import { type ForeignDevice, foreignDevice, tr098 } from '../support/foreign-devices.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { readGateway, tabOf } from '../support/read-gateway.ts';

const SIP = 'Device.X_0090F8_SipEp.';
const IGD = 'InternetGatewayDevice.';
const SSID = `${IGD}LANDevice.1.WLANConfiguration.1.SSID`;
const PASSPHRASE = `${IGD}LANDevice.1.WLANConfiguration.1.KeyPassphrase`;

/** The row of a wanted value. */
const valueRow = (page: Page, path: string): Locator =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name: path }) });

pagesSuite('what is wanted of a device in the pages', pages => {
  let router: ForeignDevice;
  let gateway: string;
  before(async function () {
    this.timeout(60_000);
    const { world } = pages();
    gateway = await readGateway(pages());
    router = await foreignDevice(
      world,
      { ...tr098.identity, productClass: 'BR42' },
      {
        ...tr098.tree,
        [SSID]: { value: 'old', takes: value => value !== 'refused' },
      },
    );
    await router.informs('0 BOOTSTRAP', '1 BOOT');
    await done(world, router.cpe.id, { method: 'GetParameterValues', args: { ParameterNames: [IGD] } });
  });
  after(async () => await router?.close());

  it('is nothing where no preset fits, with the way to presets', async () => {
    const page = await pages().open(tabOf(gateway, 'wanted'));
    await page.getByText('Nothing is wanted of this device').waitFor();
    await page.getByRole('main').getByRole('link', { name: 'Presets' }).waitFor();
  });

  it('has the decider of each value, those that lost, and what waits for a restart', async () => {
    const { open, call, world, complaints } = pages();
    const tls = `${SIP}TransportConfig.1.TlsEnable`;
    await call('PUT', '/presets/voice-base', { when: 'productClass = "4102S"', weight: 0, set: { [tls]: 'Disable' } });
    await call('PUT', '/presets/voice-tls', { when: 'productClass = "4102S"', weight: 10, set: { [tls]: 'Enable' } });
    await done(world, gateway, { method: 'GetParameterValues', args: { ParameterNames: [tls] } });
    const page = await open(tabOf(gateway, 'wanted'));
    const row = valueRow(page, tls);
    await row.getByRole('link', { name: 'voice-tls' }).waitFor();
    await row.getByText('voice-base: Disable').waitFor();
    await row.getByText('Same').waitFor();
    await page.getByText(/SipEp waits, since .* No preset lets it restart\./).waitFor();
    await page.getByRole('button', { name: /^Contested/ }).click();
    await row.waitFor();
    await page.getByRole('button', { name: /^Differ/ }).click();
    await page.getByText('No value fits').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('show'), 'differ');
    assert.deepEqual(complaints(), []);
  });

  it('tells the fault of a value that the device refuses, and tries again', async () => {
    const { open, call, complaints } = pages();
    const { id } = router.cpe;
    await call('PUT', '/presets/wifi', { when: 'productClass = "BR42"', set: { [SSID]: 'refused' } });
    await router.informs('2 PERIODIC');
    const page = await open(tabOf(id, 'wanted'));
    const row = valueRow(page, SSID);
    await row.getByText('Fault', { exact: true }).waitFor();
    await row.getByText('old').waitFor();
    await row.getByText(/^9007: /).waitFor();
    await page.getByText(/^9007 since/).waitFor();
    router.cpe.tree.set(SSID, { value: 'old' });
    await row.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('The next session tries again').waitFor();
    await router.informs('2 PERIODIC');
    await row.getByText('Same').waitFor();
    assert.equal(router.cpe.value(SSID), 'refused');
    assert.deepEqual(complaints(), []);
  });

  it('leads from a value to its parameter, where it becomes an override', async () => {
    const { open, call } = pages();
    const { id } = router.cpe;
    await call('PATCH', `/devices/${id}`, { overrides: { [PASSPHRASE]: 'very secret' } });
    const page = await open(tabOf(id, 'wanted'));
    const secret = valueRow(page, PASSPHRASE);
    await secret.getByText('override').waitFor();
    await secret.getByText('***').waitFor();
    assert.equal(await page.getByText('very secret').count(), 0);
    await page.getByRole('link', { name: SSID }).click();
    await page.getByRole('treegrid').waitFor();
    await page.locator(`[data-path="${SSID}"]`).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'The preset wifi decides this value' }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('shows a viewer no buttons that change', async () => {
    const page = await pages().open(tabOf(gateway, 'wanted'), { role: 'viewer' });
    await page.getByText('Presets that fit').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Reboot now…' }).count(), 0);
  });
});
