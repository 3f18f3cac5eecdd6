// The screen of a device, in Chromium: its head, its tabs and its summary, for devices of several makers and states.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { type ForeignDevice, foreignDevice, tr098 } from './support/foreign-devices.ts';
import { pagesSuite, plainDevice } from './support/pages-world.ts';

const DGW = '/devices/0090F8-4102S-0090F8000001';
const EVIL = '<img src=x onerror="globalThis.hit=1">';
const pathOf = (id: string): string => `/devices/${encodeURIComponent(id)}`;

const isWide = async (page: Page): Promise<boolean> =>
  await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

pagesSuite('the screen of a device', pages => {
  const foreign: ForeignDevice[] = [];
  before(async () => await (await pages().world.gateway()).boot());
  after(async () => {
    for (const device of foreign.splice(0)) await device.close();
  });

  it('shows a gateway, wakes it by a key and tells what comes of it', async () => {
    const { open, complaints } = pages();
    const page = await open(`${DGW}/summary`);
    await page.getByRole('heading', { level: 1, name: '0090F8000001' }).waitFor();
    await page.getByText('Online', { exact: true }).waitFor();
    await page.keyboard.press('w');
    await page.getByText(/0090F8000001 has informed, .* after/).waitFor();
    await page.getByText(/Session ok in .*6 CONNECTION REQUEST/).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('misses neither the session of a wake nor one before, while its event line is opening', async () => {
    const { open, call, complaints, base } = pages();
    const page = await open('/devices');
    let release = (): void => undefined;
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    const isLine = (url: URL): boolean => url.pathname.endsWith('/events') && url.searchParams.has('device');
    await page.route(isLine, async route => {
      await held;
      await route.continue();
    });
    await page.goto(`${base}/ui${DGW}/sessions`);
    await page.waitForResponse(answer => /\/sessions\?/.test(answer.url()));
    const listed = async (): Promise<number> => ((await call('GET', `${DGW}/sessions`)).items as unknown[]).length;
    const before = await listed();
    await call('POST', `${DGW}/connection-request`);
    await eventually('a session of which the page has not heard', async () => (await listed()) > before);
    const again = page.waitForResponse(answer => /\/sessions\?/.test(answer.url()));
    release();
    await again;
    await page.unroute(isLine);
    await page.goto(`${base}/ui${DGW}/summary`);
    await page.getByText('Online', { exact: true }).waitFor();
    await page.keyboard.press('w');
    await page.getByText(/Session ok in .*6 CONNECTION REQUEST/).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('leads from an id that is not there to the nearest one', async () => {
    const { world, open, complaints } = pages();
    await (await world.gateway({ serial: '0090F8000002' })).boot();
    const page = await open('/devices/0090F8-4102S-0090F80000029/summary');
    await page.getByRole('heading', { name: 'No device has this id' }).waitFor();
    await page.getByRole('link', { name: '0090F8-4102S-0090F8000002' }).click();
    await page.getByRole('heading', { level: 1, name: '0090F8000002' }).waitFor();
    const refused = complaints();
    assert.ok(
      refused.every(text => text.includes('404')),
      refused.join(),
    );
  });

  it('keeps an id with slash, blank and percent sign through tabs and reloads', async () => {
    const { world, open, call, complaints } = pages();
    await plainDevice(world, 'A/B c%');
    const id = '00D09E-Router-A%2FB%20c%25';
    const page = await open(`${pathOf(id)}/summary`);
    await page.getByRole('heading', { level: 1, name: 'A/B c%' }).waitFor();
    await page.keyboard.press(']');
    await page.keyboard.press('[');
    await page.keyboard.press('[');
    await page.getByRole('link', { name: 'Files' }).and(page.locator('[aria-current]')).waitFor();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'A/B c%' }).waitFor();
    assert.equal(new URL(page.url()).pathname, `/ui${pathOf(id)}/files`);
    await page.keyboard.press('r');
    await page.getByText('A/B c%: read again is done').waitFor();
    assert.ok(Number((await call('GET', `${pathOf(id)}/parameters?limit=1&count=true`)).total) > 20);
    assert.deepEqual(complaints(), []);
  });

  it('shows a TR-098 router of another maker in the same words, and wakes it', async () => {
    const { world, open, complaints } = pages();
    const router = await foreignDevice(world, tr098.identity, tr098.tree);
    foreign.push(router);
    await router.informs('0 BOOTSTRAP', '1 BOOT');
    const page = await open('/devices/00AABB-BR%252D42-BW0001/summary');
    await page.getByText('No line and no network is known').waitFor();
    await page.keyboard.press('r');
    await page.getByText('Registered', { exact: true }).waitFor();
    await page.getByText('203.0.113.7').waitFor();
    await page.getByText('Bergwerk', { exact: true }).waitFor();
    await page.keyboard.press('w');
    await page.getByText(/BW0001 has informed/).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('shows rubbish and markup that a device tells as text, on every tab', async () => {
    const { world, open, call, complaints } = pages();
    const identity = { ...tr098.identity, manufacturer: EVIL, serial: 'EVIL1', version: `${EVIL}\u202e` };
    const device = await foreignDevice(world, identity, {
      'InternetGatewayDevice.DeviceInfo.UpTime': { value: EVIL },
      'InternetGatewayDevice.ManagementServer.PeriodicInformInterval': { value: 'soon' },
      'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.SSID': { value: EVIL },
      'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.Enable': { value: 'perhaps' },
      'InternetGatewayDevice.Services.VoiceService.1.VoiceProfile.1.Line.1.Status': { value: EVIL },
      'InternetGatewayDevice.Time.Status': { value: 'x'.repeat(3000) },
    });
    foreign.push(device);
    await device.informs('0 BOOTSTRAP', '1 BOOT');
    const { items } = await call('GET', '/devices?fields=id&filter=serial%3D%22EVIL1%22');
    const path = pathOf(String((items as { id: string }[])[0]?.id));
    await call('PATCH', path, { tags: ['<b>x</b>'], site: { name: EVIL } });
    const page = await open(`${path}/summary`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('r');
    await page.getByText('EVIL1: read again is done').waitFor();
    await page.getByText(EVIL).first().waitFor();
    for (const tab of ['Tasks', 'Faults', 'History', 'Files']) {
      await page.getByRole('link', { name: tab, exact: true }).last().click();
      await page.locator('.tabs [aria-current]', { hasText: tab }).waitFor();
    }
    assert.equal(await page.evaluate(() => 'hit' in globalThis), false);
    assert.equal(await page.locator('img[src=x]').count(), 0);
    assert.deepEqual(complaints(), []);
  });

  it('tells how a device that has never come gets here, and that it has knocked', async () => {
    const { world, open, call, complaints } = pages();
    await call('POST', '/devices', { id: '00AABB-BR%2D42-NEW1', credentials: { username: 'new-1', password: 'pw' } });
    const router = await foreignDevice(world, { ...tr098.identity, serial: 'NEW1' }, tr098.tree);
    foreign.push(router);
    router.cpe.settings.password = 'wrong';
    await router.informs('0 BOOTSTRAP').catch(() => undefined);
    const page = await open('/devices/00AABB-BR%252D42-NEW1/summary');
    await page.getByRole('region', { name: 'It has never come' }).waitFor();
    await page.getByText('user name new-1').waitFor();
    await page.getByText(/without a good login/).waitFor();
    assert.ok(await page.getByRole('button', { name: 'Wake' }).isDisabled());
    assert.deepEqual(complaints(), []);
  });

  it('leads with n and p through the list that it was opened from', async () => {
    const { open, call, complaints } = pages();
    await call('POST', '/devices', { id: '00AABB-LIST-L1' });
    await call('POST', '/devices', { id: '00AABB-LIST-L2' });
    await call('POST', '/devices', { id: '00AABB-LIST-L3' });
    const page = await open('/devices?q=productClass+%3D+%22LIST%22&sort=-serial');
    await page.getByRole('link', { name: 'L3' }).click();
    await page.getByRole('heading', { level: 1, name: 'L3' }).waitFor();
    await page.keyboard.press('n');
    await page.getByRole('heading', { level: 1, name: 'L2' }).waitFor();
    await page.keyboard.press('n');
    await page.getByRole('heading', { level: 1, name: 'L1' }).waitFor();
    await page.keyboard.press('n');
    await page.getByText('This is the last of the list').waitFor();
    await page.keyboard.press('p');
    await page.getByRole('heading', { level: 1, name: 'L2' }).waitFor();
    assert.deepEqual(complaints(), []);
  });

  it('turns its tabs by brackets, on a German keyboard too', async () => {
    const { open, complaints } = pages();
    const page = await open('/devices');
    await page.locator('tbody th a').first().press('Enter');
    await page.getByRole('button', { name: /^Wake/ }).waitFor();
    await page.keyboard.press(']');
    await page.waitForURL(/\/parameters$/);
    await page.evaluate(() => {
      const made = { ctrlKey: true, altKey: true, modifierAltGraph: true, bubbles: true, cancelable: true };
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: ']', ...made }));
    });
    await page.waitForURL(/\/wanted$/);
    await page.keyboard.press('[');
    await page.waitForURL(/\/parameters$/);
    assert.deepEqual(complaints(), []);
  });

  it('offers a viewer no action, and shows nothing outside his devices', async () => {
    const { open, complaints } = pages();
    const page = await open(`${DGW}/summary`, { role: 'viewer', filter: 'serial = "0090F8000001"' });
    await page.getByRole('heading', { level: 1, name: '0090F8000001' }).waitFor();
    for (const name of ['Wake', 'Reboot…', 'Read again', 'Trace', 'More actions', 'Edit', 'Tag'])
      assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name);
    await page.keyboard.press('w');
    await page.goto(page.url().replace('0090F8000001/', '0090F8000002/'));
    await page.getByRole('heading', { name: 'No device has this id' }).waitFor();
    assert.equal(await page.getByRole('link', { name: /0090F8000002/ }).count(), 0);
    const refused = complaints();
    assert.ok(
      refused.every(text => text.includes('404')),
      refused.join(),
    );
  });

  it('keeps what it has shown when the server fails, with its time and another try', async () => {
    const { open, complaints } = pages();
    const page = await open(`${DGW}/summary`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.route('**/siblings*', route =>
      route.fulfill({ status: 500, json: { code: 'internal', detail: 'out of order' } }),
    );
    await page.reload();
    await page.getByText('out of order').waitFor();
    await page.getByRole('heading', { name: 'Connection', exact: true }).waitFor();
    await page.unroute('**/siblings*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('out of order').waitFor({ state: 'hidden' });
    assert.ok(complaints().every(text => text.includes('500')));
  });

  it('has no violation that axe knows and no wide page, in both themes, from 1440 to 320 px', async () => {
    const { open, complaints } = pages();
    const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const [theme, width] of [
      ['light', 1440],
      ['dark', 320],
    ] as const) {
      const page = await open(`${DGW}/summary`, { theme, width });
      await page.getByText('Enrolled', { exact: true }).waitFor();
      for (const tab of ['Tasks', 'Faults', 'History', 'Files', 'Summary']) {
        await page.locator('.tabs a', { hasText: tab }).click();
        await page.locator('.tabs [aria-current]', { hasText: tab }).waitFor();
        await page.locator('.skel').first().waitFor({ state: 'detached' });
        assert.equal(await isWide(page), false, `${tab} at ${width}`);
        await page.evaluate(source);
        const found = await page.evaluate(async () => {
          const { axe } = globalThis as unknown as { axe: { run: () => Promise<{ violations: unknown[] }> } };
          return (await axe.run()).violations;
        });
        assert.deepEqual(found, [], tab);
      }
    }
    assert.deepEqual(complaints(), []);
  });
});
