// Ten tasks of an operator's day, carried out in Chromium alone over a live fleet of three products, by what the pages say.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { fleet as runFleet } from '../../cpe/fleet/fleet.ts';
import { fleetOptions } from '../../cpe/options.ts';
import { readOptions } from '../../shared/config.ts';
import { type LiveFleet, openLiveFleet } from '../demo/live/fleet.ts';
import { eventually } from '../support/eventually.ts';
import { peerSuite } from '../support/servers/peers.ts';
import { shown } from './support/shown.ts';

const PASSWORD = 'correct horse battery';
const STRANGER = '00AA02';
const LINZ = 'online and productClass = "4102S" and site.name = "Linz"';

/** One unit whose maker the fleet does not know, until the signal. */
async function stranger({ api }: LiveFleet, signal: AbortSignal): Promise<void> {
  const { cwmp } = (await api('GET', '/server')) as { cwmp: string[] };
  const argv = [
    '--acs',
    String(cwmp[0]),
    '--oui',
    STRANGER,
    '--count',
    '1',
    '--duration',
    '3600',
    '--log-level',
    'silent',
  ];
  const { values } = readOptions(fleetOptions, { argv });
  await runFleet(values, { write: () => undefined, pretty: false, signal, memory: () => 0 });
}

async function devicesOf({ api }: LiveFleet, filter: string, fields = 'id'): Promise<Record<string, unknown>[]> {
  const query = new URLSearchParams({ filter, fields, limit: '100' });
  return ((await api('GET', `/devices?${query}`)) as { items: Record<string, unknown>[] }).items;
}

peerSuite('ten tasks of an operator, in the browser alone', { programs: ['chromium'] }, function () {
  this.timeout(60_000);
  const stop = new AbortController();
  const complaints: string[] = [];
  let folder: string;
  let fleet: LiveFleet;
  let browser: Browser;
  let page: Page;
  let older: string;
  let running: Promise<void> | undefined;

  before(async function () {
    this.timeout(120_000);
    folder = await mkdtemp(join(tmpdir(), 'tandem-ten-'));
    fleet = await openLiveFleet(folder);
    const { chromium } = await import('playwright-core');
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en' })).newPage();
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(String(error)));
    await page.goto(await fleet.adminLink());
    await page.locator('.shell').waitFor();
    // The page asks who is signed in before the link has signed in.
    assert.deepEqual(
      complaints.splice(0).filter(text => !/401/.test(text)),
      [],
    );
    await eventually('a fault', async () => (await devicesOf(fleet, 'fault exists')).length > 0, 30_000);
  });
  after(async () => {
    stop.abort();
    await running;
    await browser?.close();
    await fleet?.close();
    await rm(folder, { recursive: true, force: true });
  });
  // One that fails leaves the next ones a fresh page.
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await page.goto(`${fleet.base}/ui/`);
  });
  afterEach(() => assert.deepEqual(complaints.splice(0), []));

  const nav = async (name: string): Promise<void> =>
    await page
      .getByRole('navigation')
      .first()
      .getByRole('link', { name: new RegExp(`^${name}`) })
      .click();
  const filter = async (text: string): Promise<void> => {
    await nav('Devices');
    await page.getByRole('textbox', { name: 'Filter' }).fill(text);
    await page.keyboard.press('Escape');
  };

  it('1: finds a device by a part of its serial, and by its MAC address as the label has it', async () => {
    for (const text of ['F8000007', '00:90:f8:00:00:07', '00-90-F8-00-00-07']) {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill(text);
      await shown(page.getByRole('option', { name: /^0090F8000007/ }));
      await page.keyboard.press('Escape');
    }
    await filter('00:90:F8:00:00:07');
    await page.getByRole('grid').getByRole('link', { name: '0090F8000007' }).click();
    await shown(page.getByRole('heading', { name: '0090F8000007' }));
  });

  it('2: tells why a device has a fault, in words, with what to do', async () => {
    await nav('Faults');
    await page.getByText('No such parameter').first().click();
    await shown(page.getByText(/narrow the preset's filter/));
    await page
      .locator('main')
      .getByRole('link', { name: /^0050C2/ })
      .first()
      .click();
    await shown(page.getByText('No such parameter').first());
    await shown(page.getByText(/narrow the preset's filter/));
    older = decodeURIComponent(/devices\/([^/]+)/.exec(page.url())?.[1] ?? '');
    assert.match(older, /^0050C2-VR400-/);
  });

  it('3: sets the name of a Wi-Fi tonight, and says until when it waits', async () => {
    await page
      .getByRole('link', { name: /^Parameters/ })
      .or(page.getByRole('tab', { name: /^Parameters/ }))
      .click();
    await page.getByRole('button', { name: 'Read all', exact: true }).click();
    await page.getByRole('searchbox').fill('SSID');
    await page.getByText('home', { exact: true }).click();
    await page.getByRole('textbox', { name: 'SSID', exact: true }).fill('cafe-linz');
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('complementary', { name: 'Staged changes' });
    await drawer.getByRole('button', { name: 'Tonight' }).click();
    await shown(drawer.getByText(/^Not before 02:00/));
    await drawer.getByRole('button', { name: 'Send 1' }).click();
    await shown(drawer.getByText(/^Sent\. It waits until 02:00/));
    await shown(drawer.getByRole('heading', { name: '1 change, sent' }));
    assert.equal(await drawer.getByText('not sent').count(), 0);
    await page
      .getByRole('link', { name: /^Tasks/ })
      .or(page.getByRole('tab', { name: /^Tasks/ }))
      .first()
      .click();
    await shown(page.getByRole('row', { name: /SetParameterValues.*Waits until .*02:00/ }));
    const { items } = (await fleet.api('GET', `/tasks?device=${encodeURIComponent(older)}&state=queued`)) as {
      items: { notBefore: string }[];
    };
    assert.ok(Date.parse(String(items[0]?.notBefore)) > Date.now());
  });

  it('4: reboots all of a product at a site, from a menu that is whole on the screen', async () => {
    const before = await devicesOf(fleet, LINZ);
    assert.ok(before.length > 1);
    await filter(LINZ);
    await shown(page.getByText(`All ${before.length}`, { exact: true }));
    await page
      .getByRole('grid')
      .getByRole('row')
      .nth(1)
      .click({ position: { x: 2, y: 2 } });
    await page.keyboard.press('a');
    const menu = page.getByRole('menu');
    const box = await menu.boundingBox();
    assert.ok(box && box.y >= 0 && box.y + box.height <= 900, JSON.stringify(box));
    await menu.getByRole('menuitem', { name: 'Reboot…' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: `Reboot ${before.length}` })
      .click();
    await shown(page.getByRole('status').getByText(`Reboot ${before.length} devices: begun`));
    const rebooted = async (): Promise<boolean> => {
      const found = await devicesOf(fleet, LINZ, 'id,lastEvents');
      return found.filter(({ lastEvents }) => String(lastEvents).includes('M Reboot')).length === before.length;
    };
    await eventually('all have rebooted', rebooted, 40_000);
  });

  it('5: tells who changed a preset, and when', async () => {
    await fleet.api('PUT', '/users/ida', { role: 'operator', filter: 'site.region = "north"', password: PASSWORD });
    await nav('Presets');
    await page.getByRole('link', { name: 'guest-wifi' }).click();
    await shown(page.getByText(/version \d+ of .* by admin/));
  });

  it('6: makes a preset for one site, and sees what it changes before it is saved', async () => {
    await nav('Presets');
    await page.getByRole('button', { name: 'New preset' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('linz-log');
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByRole('button', { name: 'Form' }).click();
    await page.getByLabel('Which devices (a filter)').fill('site.name = "Linz" and productClass = "4102S"');
    await page.getByPlaceholder('Device.…').fill('Device.X_0090F8_Nlm.SyslogRemoteHost');
    await page.getByRole('button', { name: 'Add value' }).click();
    await page.getByRole('textbox', { name: 'Device.X_0090F8_Nlm.SyslogRemoteHost' }).fill('linz.example.net');
    await page.getByLabel('Weight').fill('10');
    await shown(page.getByText(/^The dry run took/));
    await shown(page.locator('.diff ins', { hasText: 'linz.example.net' }).first());
    await shown(page.getByText('Fits 5,'));
    await page.getByRole('button', { name: 'Save' }).click();
    await shown(page.getByText('linz-log is saved.'));
    assert.equal((await fleet.api('GET', '/presets/linz-log')).weight, 10);
    // A name that is free is asked for first.
    assert.deepEqual(
      complaints.splice(0).filter(text => !/404/.test(text)),
      [],
    );
  });

  it('7: pauses a rollout, and says who paused it and who made it', async () => {
    await nav('Rollouts');
    await page.getByRole('link', { name: 'spring' }).click();
    await shown(page.getByText(/created .* by admin/));
    await page.getByRole('button', { name: 'Pause' }).click();
    await shown(page.getByText(/^paused by demo-admin, /));
    await shown(page.getByText(/created .* by admin/));
  });

  it('8: lets in a device that waits in quarantine by a rule', async () => {
    await nav('Enrolment');
    await page.getByRole('button', { name: 'New rule…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('strangers');
    await dialog.getByLabel('Then').selectOption('quarantine');
    await dialog.getByLabel('Filter').fill(`oui = "${STRANGER}"`);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    running = stranger(fleet, stop.signal);
    await eventually('it waits', async () => (await devicesOf(fleet, 'state = "quarantine"')).length === 1, 20_000);
    await nav('Overview');
    await nav('Enrolment');
    await page
      .getByRole('row', { name: new RegExp(STRANGER) })
      .getByRole('button', { name: 'Approve' })
      .click();
    await shown(page.getByText(/is approved/));
    await eventually('it is in', async () => {
      const [device] = await devicesOf(fleet, `oui = "${STRANGER}"`, 'id,state');
      return device?.state === 'enrolled';
    });
  });

  it('9: gives a colleague the rights to a region, who then sees nothing else', async () => {
    await nav('Administration');
    await page.getByRole('button', { name: 'New user…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('eva');
    await dialog.getByLabel('Role').selectOption('operator');
    await dialog.getByLabel('Reaches').fill('site.region = "north"');
    await dialog.getByLabel('Password').fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await shown(page.getByRole('row', { name: /eva.*operator.*north/ }));
    const all = await devicesOf(fleet, 'site.region = "north"');
    const [other] = await devicesOf(fleet, 'site.region = "west" and productClass = "4102S"', 'id,serial');
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en' });
    const hers = await context.newPage();
    await hers.goto(`${fleet.base}/ui/devices`);
    await hers.getByLabel('Name').fill('eva');
    await hers.getByLabel('Password').fill(PASSWORD);
    await hers.keyboard.press('Enter');
    await shown(hers.getByRole('heading', { name: `${all.length} devices` }));
    for (const site of ['Linz', 'Wels', 'Steyr']) await shown(hers.getByText(site, { exact: true }).first());
    assert.doesNotMatch(await hers.locator('main').innerText(), /Graz|Salzburg|Villach|Leoben|Bregenz/);
    await hers.keyboard.press('Control+k');
    await hers.getByRole('combobox').fill(String(other?.serial));
    await shown(hers.getByText(/^Devices with/));
    assert.equal(await hers.getByRole('option', { name: new RegExp(`^${String(other?.serial)}`) }).count(), 0);
    await hers.goto(`${fleet.base}/ui/devices/${encodeURIComponent(String(other?.id))}/summary`);
    await shown(hers.getByText(/no device|not known|does not exist/i).first());
    await context.close();
  });

  it('10: downloads the devices that have a fault as CSV', async () => {
    const faulty = await devicesOf(fleet, 'fault exists', 'id,serial');
    await filter('fault exists');
    await shown(page.getByText(`All ${faulty.length}`, { exact: true }));
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV', exact: true }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'devices.csv');
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    // More faults may have come meanwhile.
    assert.ok(lines.length > faulty.length);
    for (const { serial } of faulty) assert.ok(lines.some(line => line.includes(String(serial))));
  });
});
