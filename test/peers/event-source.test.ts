// The stream of events as a browser reads it: an EventSource in Chromium, which carries the cookie of a session and no token.
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { type TestApi, testApi } from '../support/acs/api.ts';
import { eventually } from '../support/eventually.ts';
import { peerSuite } from '../support/servers/peers.ts';

const [first, second, third] = ['0090F8-4102S-E1', '0090F8-4102S-E2', '0090F8-4102S-E3'] as const;
const password = 'correct horse battery';

interface Heard {
  type: string;
  device?: string;
  reason?: string;
  summed?: number;
}

/** Runs in the page: opens a stream and notes what comes, as `window.heard`. */
const listen = `url => new Promise((resolve, reject) => {
  window.heard = [];
  window.opened = 0;
  window.source?.close();
  window.source = new EventSource(url);
  for (const type of ['connectionRequest', 'inform', 'summary', 'gap'])
    window.source.addEventListener(type, ({ data }) => window.heard.push({ type, ...JSON.parse(data) }));
  window.source.addEventListener('open', () => { window.opened++; resolve(); });
  window.source.addEventListener('error', () => window.source.readyState === 2 && reject(new Error('closed')));
})`;

peerSuite('events in Chromium', { programs: ['chromium'] }, function () {
  this.timeout(120_000);
  let browser: Browser;
  let api: TestApi;
  let page: Page;
  before(async () => {
    const { chromium } = await import('playwright-core');
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  after(async () => await browser?.close());
  beforeEach(async () => {
    api = await testApi();
    const base = await api.rest.listen({ host: '127.0.0.1', port: 0 });
    for (const [at, id] of [first, second, third].entries())
      await api.call('POST', '/devices', {
        body: { id, tags: [`t${at}`], site: { region: at < 2 ? 'north' : 'south' } },
      });
    const user = { name: 'ann', role: 'viewer', password, filter: 'site.region = "north"' };
    assert.equal((await api.call('POST', '/users', { body: user })).status, 201);
    page = await (await browser.newContext()).newPage();
    await page.goto(`${base}/docs`);
    const status = await page.evaluate(`fetch('/api/v1/session', {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'ann', password: '${password}' }),
    }).then(answer => answer.status)`);
    assert.equal(status, 204);
  });
  afterEach(async () => {
    await page.context().close();
    await api.close();
  });

  const open = async (query: string): Promise<void> => {
    await page.evaluate(`(${listen})('/api/v1/events?${query}')`);
  };
  const heard = async (count: number): Promise<Heard[]> =>
    await eventually(`${count} events`, async () => {
      const found = (await page.evaluate('window.heard')) as Heard[];
      return found.length >= count && found;
    });
  const emit = (device: string, reason: string): void =>
    api.acs.events.emit('connectionRequest', { device, accepted: false, reason });
  const reasons = (events: readonly Heard[]): (string | undefined)[] => events.map(({ reason }) => reason);

  it('are those of the devices of a list that the rights reach, of the types that are asked for', async () => {
    await open(`devices=${first},${third}&types=connectionRequest,summary`);
    emit(second, 'not in the list');
    emit(third, 'out of the rights');
    api.acs.events.emit('inform', { device: first, events: [], address: '', softwareVersion: '' });
    emit(first, 'a');
    const found = await heard(2);
    assert.deepEqual(found.map(({ type }) => type).sort(), ['connectionRequest', 'summary']);
    assert.deepEqual(reasons(found).sort(), ['a', undefined]);
    const summary = found.find(({ type }) => type === 'summary') as unknown as { states: Record<string, number> };
    assert.equal(summary.states.known, 2);
  });

  it('are those of devices that a filter fits', async () => {
    await open(`filter=${encodeURIComponent('tag = "t1" or tag = "t2"')}`);
    for (const device of [first, second, third]) emit(device, device);
    emit(second, 'last');
    assert.deepEqual(reasons(await heard(2)), [second, 'last']);
  });

  it('continue where a connection was lost, with what came meanwhile', async () => {
    await open(`devices=${first}&types=connectionRequest`);
    emit(first, 'before');
    await heard(1);
    api.rest.server.closeAllConnections();
    await eventually('the end', async () => (await page.evaluate('window.source.readyState')) === 0);
    emit(first, 'meanwhile');
    await eventually('another connection', async () => (await page.evaluate('window.opened')) === 2);
    emit(first, 'after');
    assert.deepEqual(reasons(await heard(3)), ['before', 'meanwhile', 'after']);
  });

  it('are summed up as often as the stream asks for', async () => {
    await open(`devices=${first},${second}&rate=2`);
    for (const reason of ['a', 'b', 'c']) emit(first, reason);
    emit(second, 'd');
    await eventually('sums', async () => {
      await api.acs.clock.advance(500);
      return ((await page.evaluate('window.heard')) as Heard[]).length >= 2;
    });
    const found = (await heard(2)).map(({ device, reason, summed }) => [device, reason, summed]);
    assert.deepEqual(found.sort(), [
      [first, 'c', 3],
      [second, 'd', undefined],
    ]);
  });

  it('end within a second when the user is disabled', async () => {
    await open('types=connectionRequest');
    assert.equal((await api.call('PATCH', '/users/ann', { body: { disabled: true } })).status, 200);
    await eventually('the end', async () => {
      await api.acs.clock.advance(500);
      return (await page.evaluate('window.source.readyState')) === 2;
    });
    emit(first, 'late');
    assert.deepEqual(await heard(0), []);
  });
});
