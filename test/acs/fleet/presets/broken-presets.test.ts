// Presets whose stored body has a wrong shape: written past the API, they are told as broken, and nothing else meets them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { soundPreset } from '../../../../acs/fleet/presets/preset-shape.ts';
import { openPreset } from '../../../../acs/fleet/presets/sealed-preset.ts';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { faultsOf, putPreset } from '../../../support/acs/api-calls.ts';
import { bothStoresSuite } from '../../../support/acs/store-contract.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';

const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';

/** Bodies of one wrong part each, and the part that is named. */
const wrongs: [body: unknown, part: RegExp][] = [
  [{ set: 'nothing' }, /^set: /],
  [{ objects: [1] }, /^objects: /],
  [{ set: { 'Device.A': null }, weight: 1 }, /^set: /],
  [{ objects: { 'Device.T.': { keys: ['K'] } } }, /^objects: /],
  [{ when: 7 }, /^when: /],
  [{ weight: 'much' }, /^weight: /],
  [{ certificates: 'one' }, /^certificates: /],
  [{ script: {} }, /^script: /],
  [{ restart: null }, /^restart: /],
  [{ acsMove: { returnAfter: 5 } }, /^acsMove: /],
  [['text'], /^it is no object$/],
  [null, /^it is no object$/],
];

bothStoresSuite('presets of a wrong shape', subject => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none', beside: subject });
  });
  afterEach(async () => await api.close());

  const store = (name: string, body: unknown): Promise<unknown> => api.acs.store.putDocument('preset', name, body);
  const listed = async (query = ''): Promise<Map<string, Json>> =>
    new Map((await api.call('GET', `/presets${query}`)).json.items.map(item => [String(item.name), item]));

  it('are listed with the reason, and fail no other call', async () => {
    await putPreset(api, 'sound', { set: { [interval]: 60 } });
    for (const [at, [body]] of wrongs.entries()) await store(`w${at}`, body);
    const user = { name: 'ann', password: 'a long enough password', role: 'viewer' };
    assert.equal((await api.call('POST', '/users', { body: user })).status, 201);
    const items = await listed('?counts=true');
    assert.equal(items.get('sound')?.broken, undefined);
    for (const [at, [, part]] of wrongs.entries()) assert.match(String(items.get(`w${at}`)?.broken), part);
    for (const name of items.keys()) assert.equal((await api.call('GET', `/presets/${name}`)).status, 200, name);
    const calls = ['/devices', '/files', '/devices?filter=preset%20%3D%20%22w4%22', '/attention', '/summary'];
    for (const path of calls) assert.equal((await api.call('GET', path)).status, 200, path);
  });

  it('raise a fault on the devices, whose sessions go on with the other presets', async () => {
    await putPreset(api, 'sound', { set: { [interval]: 60 } });
    await store('hurt', { set: 'nothing', weight: 9 });
    const cpe = memoryCpe({ [interval]: '3600' });
    const { last } = await new ScriptedCpe(api.acs.app).session(cpe.answer);
    assert.equal(last.status, 204);
    assert.equal(cpe.values.get(interval), '60');
    const [fault, ...others] = await faultsOf(api);
    assert.deepEqual([fault?.cause, fault?.code, others], ['preset:hurt', 'preset-broken', []]);
    assert.match(String(fault?.message), /set: its stored form is not values by their paths/);
  });

  it('are mended by a PUT, and deleted', async () => {
    for (const name of ['mended', 'gone']) await store(name, { set: 'nothing', weight: 2 });
    await putPreset(api, 'mended', { weight: 2 });
    assert.equal((await api.call('DELETE', '/presets/gone')).status, 204);
    const items = await listed();
    assert.deepEqual([[...items.keys()], items.get('mended')?.broken], [['mended'], undefined]);
    const versionsOf = async (name: string): Promise<unknown[]> =>
      (await api.call('GET', `/presets/${name}/versions`)).json.items.map(({ version }) => version);
    const [, stored] = await versionsOf('gone');
    await api.refused(400, 'bad-input', 'POST', `/presets/gone/versions/${stored}/restore`);
    const [to, from] = await versionsOf('mended');
    const compared = await api.call('GET', `/presets/mended/versions/compare?from=${from}&to=${to}`);
    assert.equal(compared.status, 200);
  });

  it('are not replaced by a caller with rights for some parameters only', async () => {
    await store('hurt', { set: 'nothing' });
    const rights = { operations: ['read', 'write'], parameters: { read: ['Device.'], set: ['Device.A'] } };
    const { status, text } = await api.call('PUT', '/roles/some', { body: rights });
    assert.ok(status < 300, text);
    const { token } = (await api.call('POST', '/tokens', { body: { name: 't', role: 'some' } })).json;
    const caller = { token: String(token) };
    await api.refused(403, 'parameters-forbidden', 'DELETE', '/presets/hurt', caller);
    await api.refused(403, 'parameters-forbidden', 'PUT', '/presets/hurt', { ...caller, body: {} });
  });
});

describe('the shape of stored presets', () => {
  it('leaves nothing that cannot be opened, whatever is stored', () => {
    const names = ['when', 'set', 'objects', 'certificates', 'restart', 'acsMove', 'other'];
    const body = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), fc.jsonValue()));
    const secrets = { names: { has: () => false } } as unknown as Parameters<typeof openPreset>[0];
    fc.assert(
      fc.property(body, stored => {
        const { preset, wrong } = soundPreset(stored);
        openPreset(secrets, stored as never);
        assert.deepEqual(soundPreset(preset), { preset });
        if (wrong === undefined) assert.equal(preset, stored);
      }),
    );
  });
});
