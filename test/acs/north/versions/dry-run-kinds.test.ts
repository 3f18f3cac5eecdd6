// Dry runs of presets for an editor: kinds of changes, conflicts, and progress.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { putPreset } from '../../../support/acs/api-calls.ts';

const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const severity = 'Device.X_0090F8_Cwmp.MinSeverity';
const secret = 'Device.X_0090F8_Cwmp.Password';
const idOf = (n: number): string => `0090F8-4102S-S${n}`;

describe('dry runs for an editor', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
  });
  afterEach(async () => await api.close());

  /** Enrolled devices with tags and site fields by their number. */
  const enrol = async (count: number): Promise<void> => {
    const { store, clock } = api.acs;
    for (let n = 0; n < count; n++) {
      const site = n % 2 ? { name: `site${n}` } : {};
      const body = { id: idOf(n), tags: [n < 2 ? 'few' : 'many'], site };
      assert.equal((await api.call('POST', '/devices', { body })).status, 201);
      const identity = { manufacturer: 'M', oui: '0090F8', productClass: '4102S', serialNumber: `S${n}` };
      const facts = { events: [], report: { values: '{}' }, retryCount: 0, address: '::1', owner: 'x' };
      await store.apply(idOf(n), 'informed', { ...facts, identity, now: clock.now(), admission: 'enrolled' });
      await store.apply(idOf(n), 'approved', { now: clock.now() });
    }
  };
  const known = (n: number, path: string, value: string): Promise<void> =>
    api.acs.store.putParameters(idOf(n), [{ path, value, type: 'xsd:string', time: 1 }]);
  const dryRun = async (body: object, query = 'kinds=true'): Promise<Json> => {
    const answer = await api.call('POST', `/presets/p/dry-run?${query}`, { body });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };

  it('group the devices that would change in the same way, with what is known of them', async () => {
    await enrol(5);
    for (const n of [0, 1]) await known(n, interval, '3600');
    await known(2, interval, '60');
    const { matched, kinds, others } = await dryRun({ set: { [interval]: 60, [severity]: 'Debug' } });
    const debug = { path: severity, known: null, wanted: 'Debug' };
    assert.equal(matched, 5);
    assert.deepEqual(kinds, [
      { count: 4, set: [debug, { path: interval, wanted: '60' }], tables: [], files: [], breaks: 0, example: idOf(0) },
      { count: 1, set: [debug], tables: [], files: [], breaks: 0, example: idOf(2) },
    ]);
    assert.equal(others, 0);
    assert.equal((await dryRun({ set: { [interval]: 60 } }, 'limit=1')).kinds, undefined);
  });

  it('leave values out of a kind whose devices get many different ones', async () => {
    await enrol(30);
    const { kinds } = await dryRun({ set: { 'Device.ManagementServer.Username': 'u-{{id}}' } });
    const rows = kinds as Json[];
    assert.equal(rows.length, 21);
    const [first] = rows;
    assert.deepEqual([first?.count, first?.set], [10, [{ path: 'Device.ManagementServer.Username', known: null }]]);
  });

  it('mask secrets in kinds', async () => {
    await enrol(1);
    await known(0, secret, 'old-secret');
    const answer = await api.call('POST', '/presets/p/dry-run?kinds=true', {
      body: { set: { [secret]: 'new-secret' } },
    });
    assert.deepEqual((answer.json.kinds as Json[])[0]?.set, [{ path: secret, known: '***', wanted: '***' }]);
    assert.doesNotMatch(answer.text, /-secret/);
  });

  it('name presets and overrides that want other values, and which of them wins', async () => {
    await enrol(4);
    await putPreset(api, 'heavy', { weight: 9, when: 'tag = "few"', set: { [interval]: 90, [severity]: 'Info' } });
    await putPreset(api, 'light', { weight: -9, set: { [interval]: 30 } });
    await putPreset(api, 'same', { weight: 1, set: { [interval]: 60 } });
    await api.call('PATCH', `/devices/${idOf(3)}`, { body: { overrides: { [interval]: '45' } } });
    const { conflicts } = await dryRun({ set: { [interval]: 60 } });
    assert.deepEqual(conflicts, [
      { preset: 'light', paths: [interval], devices: 4, wins: 'p' },
      { preset: 'heavy', paths: [interval], devices: 2, wins: 'heavy' },
      { preset: 'override', paths: [interval], devices: 1, wins: 'override' },
    ]);
  });

  it('tell of their progress line by line, and end with the result', async function () {
    this.timeout(20_000);
    await enrol(260);
    const body = { set: { [interval]: 60 } };
    const answer = await api.call('POST', '/presets/p/dry-run/progress?kinds=true&limit=1', { body });
    const lines = answer.text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Json);
    const done = lines.slice(0, -1).map(({ progress }) => progress as { done: number; total: number });
    assert.deepEqual(done.at(-1), { done: 260, total: 260 });
    assert.ok(done.length > 2 && done.every(({ total }) => total === 260));
    assert.deepEqual(lines.at(-1)?.result, await dryRun(body, 'kinds=true&limit=1'));
    await api.refused(400, 'unknown-parameter', 'POST', '/presets/p/dry-run/progress', {
      body: { set: { 'Device.No': 1 } },
    });
  });

  it('say in which line of the text a preset is wrong', async () => {
    const lineOf = async (text: string): Promise<unknown> => {
      const init = { body: text, headers: { 'content-type': 'application/json' } };
      const { json } = await api.call('POST', '/presets/p/dry-run', init);
      const [{ line, column } = {} as Json] = json.lines as Json[];
      return [json.code, line, column];
    };
    const set = `{\n  "weight": 1,\n  "set": {\n    "${interval}": 60,\n    "Device.No": 1\n  }\n}`;
    assert.deepEqual(await lineOf(set), ['unknown-parameter', 5, 18]);
    assert.deepEqual(await lineOf('{\n  "weight": 1,,\n}'), ['bad-json', 2, 15]);
    assert.deepEqual(await lineOf('{\n "weight": "x"}'), ['bad-input', 2, 12]);
    assert.deepEqual(await lineOf('{"when":\n "productClass ="}'), ['bad-filter', 2, 17]);
    const rows =
      '{"objects": {"Device.X_0090F8_SipEp.Gateway.":\n {"keys": ["Name"], "rows": [\n {"Name": "a"},\n {"No": 1}]}}}';
    assert.deepEqual(await lineOf(rows), ['key-missing', 4, 2]);
    assert.deepEqual(await lineOf('{"script": "none.cfg"}'), ['no-such-file', 1, 12]);
  });

  it('read no further page once they are left', async function () {
    this.timeout(60_000);
    await enrol(260);
    const { store, fleet } = api.acs;
    const read = store.devices;
    let pages = 0;
    store.devices = async query => {
      pages++;
      return await read(query);
    };
    for await (const { done } of fleet.dryRuns.steps('p', { set: { [interval]: 60 } }, { limit: 1 }))
      if (done > 0) break;
    store.devices = read;
    assert.ok(pages <= 2, String(pages));
  });
});
