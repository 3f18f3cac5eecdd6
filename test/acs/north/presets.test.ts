// Operations on presets.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../support/acs/api.ts';
import { addTask, putFile, runSession } from '../../support/acs/api-calls.ts';
import { memoryCpe, ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { deviceId } from '../../support/devices.ts';

const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const secret = 'Device.X_0090F8_Cwmp.Password';

describe('preset API', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    await new ScriptedCpe(api.acs.app).session();
  });
  afterEach(async () => await api.close());

  it('creates, reads, lists and deletes presets', async () => {
    const preset = { when: 'productClass = "4102S"', set: { [interval]: 60 }, weight: 5 };
    const made = await api.call('PUT', '/presets/base', { body: preset });
    assert.deepEqual([made.status, made.json], [201, { name: 'base', ...preset }]);
    assert.equal((await api.call('PUT', '/presets/base', { body: preset })).status, 200);
    assert.deepEqual((await api.call('GET', '/presets/base')).json, { name: 'base', ...preset });
    const [listed, ...others] = (await api.call('GET', '/presets')).json.items;
    const { version, time, author, ...same } = listed as Json;
    assert.deepEqual([others, same], [[], { name: 'base', ...preset }]);
    assert.deepEqual([version, author, time], [2, 'admin', new Date(api.acs.clock.now()).toISOString()]);
    assert.equal((await api.call('DELETE', '/presets/base')).status, 204);
    for (const method of ['GET', 'DELETE']) await api.refused(404, 'no-such-preset', method, '/presets/base');
  });

  it('lists presets with the devices that they fit and those on which they have a fault', async () => {
    await api.call('PUT', '/presets/all', { body: { weight: 1 } });
    await api.call('PUT', '/presets/none', { body: { when: 'tag = "x"' } });
    await api.call('PUT', '/presets/hidden', { body: { when: `${interval} = 1` } });
    const fault = { cause: 'preset:none', code: 9003, message: 'no', retryAt: 0, now: 1 };
    await api.acs.store.apply(deviceId, 'faultRaised', fault);
    const counts = async (init = {}): Promise<unknown[]> =>
      (await api.call('GET', '/presets?counts=true', init)).json.items.map(({ name, fits, faults }) => [
        name,
        fits,
        faults,
      ]);
    assert.deepEqual(await counts(), [
      ['all', 1, 0],
      ['hidden', 0, 0],
      ['none', 0, 1],
    ]);
    await api.call('PUT', '/roles/some', { body: { operations: ['read'], parameters: { read: ['Device.A'] } } });
    const body = { name: 't', role: 'some', filter: 'tag = "y"' };
    const { token } = (await api.call('POST', '/tokens', { body })).json;
    assert.deepEqual(await counts({ token: String(token) }), [
      ['all', 0, 0],
      ['hidden', null, 0],
      ['none', 0, 0],
    ]);
  });

  const wrong: [string, object, string, RegExp][] = [
    ['a malformed filter', { when: 'productClass =' }, 'bad-filter', /column 15/],
    ['a filter on a passing property', { when: 'online' }, 'passing-rule', /online/],
    ['an unknown parameter', { set: { 'Device.Nothing': 1 } }, 'unknown-parameter', /set: Device\.Nothing/],
    ['a value of the wrong type', { set: { [interval]: 'soon' } }, 'bad-value', /PeriodicInformInterval/],
    ['a read-only parameter', { set: { 'Device.DeviceInfo.SoftwareVersion': 'x' } }, 'read-only', /SoftwareVersion/],
    ['a table without final dot', { objects: { 'Device.X': { keys: ['A'], rows: [] } } }, 'bad-table', /dot/],
    ['a table without keys', { objects: { 'Device.X.': { keys: [], rows: [] } } }, 'bad-input', /keys/],
    ['a missing file', { firmware: 'none.bin' }, 'no-such-file', /firmware: no file 'none\.bin'/],
    ['an unknown field', { sett: {} }, 'bad-input', /unknown field sett/],
    ['an unknown restart wish', { restart: 'soon' }, 'bad-input', /restart: must be one of now, idle, never/],
  ];
  for (const [name, body, code, detail] of wrong) {
    it(`refuses ${name} and names the place`, async () => {
      for (const [method, path] of [
        ['PUT', '/presets/p'],
        ['POST', '/presets/p/dry-run'],
      ] as const) {
        const problem = await api.refused(400, code, method, path, { body });
        assert.match(String(problem.detail), detail);
      }
    });
  }

  it('refuses a bad name and a file of another type', async () => {
    await api.refused(400, 'bad-name', 'PUT', `/presets/${encodeURIComponent('a b')}`, { body: {} });
    await putFile(api, 'a.cfg', 'type=script');
    const problem = await api.refused(400, 'wrong-file-type', 'PUT', '/presets/p', { body: { firmware: 'a.cfg' } });
    assert.match(String(problem.detail), /'a\.cfg' is a script file, not a firmware/);
    assert.equal((await api.call('PUT', '/presets/p', { body: { script: 'a.cfg' } })).status, 201);
  });

  it('masks secrets, and keeps the stored secret when the mask comes back', async () => {
    const preset = { set: { [secret]: 'hidden', [interval]: 60 } };
    const made = await api.call('PUT', '/presets/base', { body: preset });
    assert.deepEqual(made.json.set, { [secret]: '***', [interval]: 60 });
    const { name: _name, ...shown } = (await api.call('GET', '/presets/base')).json;
    await api.call('PUT', '/presets/base', { body: { ...shown, weight: 3 } });
    assert.equal((await api.acs.fleet.presets.get('base')).set?.[secret], 'hidden');
    await api.refused(400, 'masked-secret', 'PUT', '/presets/other', { body: { set: { [secret]: '***' } } });
    for (const path of ['/presets', '/presets/base']) assert.doesNotMatch((await api.call('GET', path)).text, /hidden/);
    assert.doesNotMatch((await api.call('POST', '/presets/base/dry-run')).text, /hidden/);
  });

  it('reports in a dry run which devices would change, and changes nothing', async () => {
    const cpe = memoryCpe({ [interval]: '3600' });
    await addTask(api, { method: 'GetParameterValues', args: { ParameterNames: [interval] } });
    await runSession(api, cpe);
    const ask = async (body?: object): Promise<Json> =>
      (await api.call('POST', '/presets/base/dry-run', { body })).json;
    const given = await ask({ set: { [interval]: 60 } });
    assert.equal(given.matched, 1);
    const [device] = given.devices as Json[];
    assert.deepEqual([device?.device, device?.set], [deviceId, [{ path: interval, known: '3600', wanted: '60' }]]);
    assert.deepEqual((await ask({ when: 'productClass = "other"', set: { [interval]: 60 } })).matched, 0);
    assert.deepEqual((await runSession(api, cpe)).asked, []);
    await api.refused(404, 'no-such-preset', 'POST', '/presets/base/dry-run');
    await api.call('PUT', '/presets/base', { body: { set: { [interval]: 60 } } });
    assert.equal((await ask()).matched, 1, 'the stored one, not yet carried out');
    await runSession(api, cpe);
    await runSession(api, cpe);
    assert.equal((await ask()).matched, 0, 'it is as it should be');
  });
});
