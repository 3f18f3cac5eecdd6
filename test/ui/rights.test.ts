// Rights over all screens, in Chromium: a caller of one region gets and sees nothing of another one.
import assert from 'node:assert/strict';
import type { Page, Request } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { pagesSuite } from './support/pages-world.ts';
import { type SeededDevice, seededId, seedFleet } from './support/seeded-fleet.ts';

/** Stands in all that devices of the south are and have. */
const MARK = 'ZZQ';
const NORTH = 'site.region = "north"';

const fault = (cause: string) => ({ cause, code: 9002, message: `${cause} failed` });
const north: SeededDevice[] = ['N1', 'N2', 'N3'].map(serial => ({
  serial,
  site: { region: 'north', name: 'Linz' },
  faults: serial === 'N1' ? [fault('task:n')] : [],
}));
const south: SeededDevice[] = [1, 2, 3, 4].map(n => ({
  serial: `${MARK}SERIAL${n}`,
  productClass: `${MARK}P`,
  firmware: `${MARK}-9`,
  address: '10.99.0.1',
  site: { region: 'south', name: `${MARK}TOWN`, [`${MARK}field`]: 'x' },
  tags: [`${MARK}TAG`],
  faults: n < 3 ? [fault(`task:${MARK}`)] : [],
  ...(n === 4 ? { admission: 'quarantine' as const } : {}),
}));
const [southDevice = ''] = south.map(seededId);
const [northDevice = ''] = north.map(seededId);

const tabs = ['summary', 'parameters', 'wanted', 'tasks', 'faults', 'sessions', 'history', 'files'];
const screens = [
  ...[
    '',
    '/devices',
    '/devices?q=exists',
    '/faults',
    '/faults?by=site.name',
    '/faults?by=firmware',
    '/faults?kind=today',
  ],
  ...tabs.map(tab => `/devices/${northDevice}/${tab}`),
  ...['/rollouts', '/rollouts/new', '/presets', '/presets/base', '/connect', '/files', '/alerts', '/audit'],
  ...['quarantine', 'held', 'knocking', 'rules', 'announced'].map(part => `/enrolment/${part}`),
  ...['users', 'roles', 'tokens', 'server', 'certificates'].map(part => `/admin/${part}`),
];

/** Looks at all that a page is told: answers that tell of the mark, but for what it has asked itself. */
class Watched {
  readonly #page: Page;
  readonly #asked: readonly string[];
  readonly #leaks: string[] = [];
  readonly #open = new Set<Request>();
  #ended = 0;

  /** @param asked texts that the reader gives himself */
  constructor(page: Page, asked: readonly string[] = []) {
    this.#page = page;
    this.#asked = asked;
    page.on('request', request => {
      const url = request.url();
      if (url.includes('/api/v1/') && !url.includes('/api/v1/events')) this.#open.add(request);
    });
    page.on('requestfailed', request => this.#open.delete(request));
    page.on('requestfinished', async request => {
      if (!this.#open.has(request)) return;
      const answer = await request.response();
      const text = (await answer?.text().catch(() => '')) ?? '';
      if (this.#tells(text)) this.#leaks.push(`${request.method()} ${request.url()}: ${text.slice(0, 400)}`);
      this.#open.delete(request);
      this.#ended++;
    });
  }

  #tells(text: string): boolean {
    return this.#asked.reduce((rest, own) => rest.replaceAll(own, ''), text).includes(MARK);
  }

  async go(path: string): Promise<void> {
    const { origin } = new URL(this.#page.url());
    this.#ended = 0;
    await this.#page.goto(`${origin}/ui${path}`);
    await this.settled(path);
  }

  /** Waits until all that was asked is answered. */
  async settled(about: string): Promise<void> {
    await this.#page.locator('main :is(h1, h2, [role="alert"])').first().waitFor();
    await eventually(`${about} is loaded`, async () => {
      if (this.#open.size > 0 || this.#ended < 2) return false;
      await this.#page.waitForTimeout(60);
      return this.#open.size === 0;
    });
    await this.check(about);
  }

  async check(about: string): Promise<void> {
    const shown = await this.#page.content();
    assert.ok(!this.#tells(shown), `${about} shows ${shown.match(/.{0,80}ZZQ.{0,80}/)?.[0]}`);
    assert.deepEqual(this.#leaks, [], about);
  }
}

pagesSuite('the rights of a caller of one region', pages => {
  before(async () => {
    const { world, call } = pages();
    await seedFleet(world.store, [...north, ...south]);
    await call('PUT', '/presets/base', { when: 'oui exists', set: {} });
    await call('PUT', `/alerts/${MARK}-alert`, { filter: 'online', groupBy: 'site.name', above: 0 });
    const region = { devices: { filter: 'site.region = "south"' }, do: [{ task: { method: 'Reboot' } }] };
    await call('POST', '/jobs', { ...region, id: `${MARK}-job`, name: `${MARK} job` });
    await call('PUT', `/views/${MARK}-view`, { q: `tag = "${MARK}TAG"`, shared: false });
  });

  it('are what hides it: who reaches every device is shown it on the same screens', async () => {
    const watched = new Watched(await pages().open('', { role: 'viewer' }));
    for (const screen of ['/devices', '/faults', '/rollouts', '/enrolment/quarantine'])
      await assert.rejects(watched.go(screen), /shows .*ZZQ/);
  });

  for (const role of ['viewer', 'operator'])
    it(`show the ${role} of a region nothing of another region on any screen`, async () => {
      const page = await pages().open('', { role, filter: NORTH });
      const watched = new Watched(page);
      for (const screen of screens) await watched.go(screen);
    }).timeout(180_000);

  it('do not follow a link of somebody else into another region', async () => {
    const { call, open } = pages();
    const groups = (await call('GET', '/faults/groups')).items as { key: string; cause: string }[];
    const group = groups.find(({ cause }) => cause === `task:${MARK}`)?.key ?? '';
    const page = await open('', { role: 'viewer', filter: NORTH });
    const asked = [southDevice, `${MARK}SERIAL1`, `${MARK}-job`, `${MARK}TOWN`, group];
    const watched = new Watched(page, asked);
    for (const tab of tabs) await watched.go(`/devices/${southDevice}/${tab}`);
    await watched.go(`/rollouts/${MARK}-job`);
    await watched.go(`/devices?q=${encodeURIComponent(`site.name = "${MARK}TOWN"`)}`);
    await page
      .getByRole('heading', { name: /^0 devices|^No device/ })
      .first()
      .waitFor();
    await watched.go(`/faults?open=${group}`);
    assert.equal(await page.locator('details').count(), 1);
    await watched.go(`/faults?q=${encodeURIComponent(`site.name = "${MARK}TOWN"`)}`);
    await page.getByRole('heading', { name: 'No fault fits' }).waitFor();
  }).timeout(180_000);

  it('hold in the palette and in completions', async () => {
    const page = await pages().open('/devices', { role: 'viewer', filter: NORTH });
    const watched = new Watched(page, [MARK]);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill(MARK);
    await page.getByRole('option').first().waitFor();
    await watched.settled('the palette');
    assert.equal(await page.getByRole('option', { name: /SERIAL/ }).count(), 0);
    await page.keyboard.press('Escape');
    const own = new Watched(page);
    for (const begin of ['site.', 'firmware = "', 'site.name = "', 'tag = "', 'serial = "']) {
      const answered = page.waitForResponse(/\/vocabulary\?/);
      await page.keyboard.press('/');
      await page.locator('.filter textarea').fill(begin);
      await answered;
      await own.check(begin);
    }
  });

  it('hold for counts and for events as they come', async () => {
    const { world, open } = pages();
    const page = await open('', { role: 'viewer', filter: NORTH });
    const link = (name: string) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name });
    await page.getByText('3 devices, 3 of them enrolled').waitFor();
    assert.match(await link('Devices').innerText(), /Devices\s*3$/);
    assert.match(await link('Faults').innerText(), /Faults\s*1$/);
    await page.waitForFunction(() => document.querySelector('.live .ok') !== null);
    for (const device of [southDevice, northDevice]) {
      world.acs.events.emit('back', { device, was: 'late' });
      const about = { cause: 'task:later', code: 9003, message: MARK, retryAt: 0, now: Date.now() };
      await world.store.apply(device, 'faultRaised', about);
    }
    await page.getByRole('listitem').filter({ hasText: 'N1 came back' }).waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByText('2', { exact: true }).waitFor();
    assert.equal(await page.locator('.timeline li').count(), 1);
    assert.ok(!(await page.content()).includes(MARK));
  });
});
