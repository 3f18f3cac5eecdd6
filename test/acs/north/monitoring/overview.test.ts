// The fleet as a whole: its summary, on request and as an event, and what needs someone.
import assert from 'node:assert/strict';
import { type Json, type TestApi, TOKEN, testApi } from '../../../support/acs/api.ts';
import { readEvents } from '../../../support/acs/live/event-reader.ts';
import { ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { eventually } from '../../../support/eventually.ts';

const DAY = 24 * 3_600_000;
const idOf = (serial: string): string => `0090F8-4102S-${serial}`;

describe('the overview of the fleet', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    for (const [serial, region] of Object.entries({ A: 'north', B: 'north', C: 'south', D: 'south' }))
      await api.call('POST', '/devices', { body: { id: idOf(serial), site: { region } } });
    for (const serial of ['A', 'B', 'C']) await new ScriptedCpe(api.acs.app, { serial }).session();
  });
  afterEach(async () => await api.close());

  const fault = async (serial: string, cause: string, code: number): Promise<void> => {
    const about = { message: 'no', retryAt: 0, now: api.acs.clock.now() };
    await api.acs.store.apply(idOf(serial), 'faultRaised', { ...about, cause, code });
  };
  const summary = async (token = TOKEN): Promise<Json> => (await api.call('GET', '/summary', { token })).json;
  const limited = async (filter: string): Promise<string> =>
    String((await api.call('POST', '/tokens', { body: { name: 'n', role: 'viewer', filter } })).json.token);

  it('counts states, liveness and faults, of the devices that the caller reaches', async () => {
    await fault('A', 'preset:p', 9005);
    await fault('B', 'preset:p', 9005);
    await api.acs.clock.advance(DAY + 1);
    await fault('C', 'preset:q', 9007);
    const all = await summary();
    assert.deepEqual(all.states, { known: 1, quarantine: 0, enrolled: 3, held: 0, replaced: 0 });
    assert.deepEqual(all.liveness, { online: 0, late: 0, lost: 3, never: 1 });
    assert.deepEqual(all.faults, { open: 3, groups: 2, today: 1 });
    assert.deepEqual([all.drift, all.knocking, all.certificatesEnding], [0, 0, 0]);
    assert.deepEqual(
      [all.rollouts, all.alerts],
      [
        { running: 0, paused: 0 },
        { critical: 0, warning: 0, info: 0 },
      ],
    );
    const north = await summary(await limited('site.region = "north"'));
    assert.deepEqual(north.states, { known: 0, quarantine: 0, enrolled: 2, held: 0, replaced: 0 });
    assert.deepEqual([north.faults, north.alerts], [{ open: 2, groups: 1, today: 0 }, undefined]);
  });

  it('tells no drift to a caller that may not read every parameter: it may be that of any', async () => {
    await api.call('PUT', '/roles/info', {
      body: { operations: ['read'], parameters: { read: ['Device.DeviceInfo.'] } },
    });
    const made = await api.call('POST', '/tokens', { body: { name: 'i', role: 'info' } });
    const info = await summary(String(made.json.token));
    assert.equal(info.drift, undefined);
    assert.deepEqual(info.states, (await summary()).states);
    assert.equal((await summary()).drift, 0);
  });

  it('is counted once for many callers at a time', async () => {
    const { store } = api.acs;
    const { faultGroups } = store;
    let counted = 0;
    store.faultGroups = async query => {
      counted++;
      return await faultGroups(query);
    };
    await Promise.all(Array.from({ length: 20 }, async () => await summary()));
    assert.equal(counted, 1);
    await api.acs.clock.advance(1001);
    await fault('A', 'preset:p', 9005);
    assert.equal((await summary()).faults instanceof Object && counted, 2);
  });

  it('comes as an event where it changes, at most once a second, and only to who asks', async () => {
    const url = `${await api.rest.listen({ host: '127.0.0.1', port: 0 })}/api/v1/events`;
    const asking = await readEvents(`${url}?types=summary`, TOKEN);
    const other = await readEvents(url, TOKEN);
    await eventually('the first summary', async () => asking.events().length === 1);
    for (let count = 0; count < 5; count++) await fault('A', `preset:p${count}`, 9005);
    await api.acs.clock.advance(1100);
    await eventually('the second summary', async () => asking.events().length === 2);
    await api.acs.clock.advance(5000);
    assert.deepEqual(
      asking.events().map(({ type, data }) => [type, (data.faults as Json).open]),
      [
        ['summary', 0],
        ['summary', 5],
      ],
    );
    assert.ok(!other.heard().includes('event: summary'));
    for (const reader of [asking, other]) reader.end();
  });

  it('names the user who has paused a rollout', async () => {
    await api.call('PUT', '/files/fw.bin?type=firmware&version=2&productClass=4102S', { body: Buffer.from('x') });
    await api.call('POST', '/rollouts', { body: { id: 'all', filter: 'not lost', firmware: 'fw.bin' } });
    await api.call('POST', '/rollouts/all/pause');
    const { items } = (await api.call('GET', '/attention')).json;
    const { kind, text, facts } = items[0] ?? ({} as Json);
    assert.deepEqual([kind, facts], ['rollout', { pausedBy: 'admin' }]);
    assert.deepEqual(text, [{ text: 'is paused by' }, { name: 'admin' }]);
  });

  it('ranks what needs someone, with filters that find it', async () => {
    assert.deepEqual((await api.call('GET', '/attention')).json.items, []);
    await api.call('PUT', '/alerts/silent', {
      body: { filter: 'not online', among: 'oui exists', severity: 'critical' },
    });
    await fault('A', 'preset:p', 9005);
    await fault('B', 'preset:p', 9005);
    await api.acs.clock.advance(8 * DAY);
    await fault('C', 'preset:"q" \\ x', 9007);
    await api.acs.fleet.alerts.evaluate();
    const { items } = (await api.call('GET', '/attention')).json;
    assert.deepEqual(
      items.map(({ kind, count }) => [kind, count]),
      [
        ['alert', 4],
        ['fault', 1],
        ['never-came', 1],
      ],
    );
    assert.equal(items[0]?.since, '2026-01-01T00:00:00.000Z');
    assert.deepEqual(
      items.map(({ facts }) => facts),
      [{ severity: 'critical' }, { code: '9007', cause: 'preset:"q" \\ x' }, undefined],
    );
    for (const { filter, count } of items) {
      const found = await api.call('GET', `/devices?filter=${encodeURIComponent(String(filter))}`);
      assert.equal(found.json.items.length, count, String(filter));
    }
    const north = await api.call('GET', '/attention', { token: await limited('site.region = "north"') });
    assert.deepEqual(north.json.items, []);
  });
});
