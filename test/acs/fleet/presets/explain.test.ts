// The explained wanted state, by the API: winning and losing presets with reasons, and suspended presets.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { putPreset } from '../../../support/acs/api-calls.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../../support/devices.ts';

const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const user = 'Device.X_0090F8_Cwmp.Username';
const secret = 'Device.X_0090F8_Cwmp.Password';
const events = 'Device.X_0090F8_Nlm.Events.';

interface Entry {
  path: string;
  value: string;
  preset: string;
  known: string | null;
  lost: { preset: string; why: string; value?: string }[];
}

describe('explained wanted state', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
  });
  afterEach(async () => await api.close());

  const wanted = async (): Promise<Json> => (await api.call('GET', `/devices/${id}/wanted`)).json;
  const entryOf = (answer: Json, path: string): Entry | undefined =>
    (answer.set as unknown as Entry[]).find(entry => entry.path === path);

  it('shows the known value of a parameter that was right before the preset came', async () => {
    await putPreset(api, 'base', { set: { [interval]: 60, [user]: 'set', [secret]: 'hush' } });
    await new ScriptedCpe(api.acs.app).session(memoryCpe({ [interval]: '60', [user]: '', [secret]: '' }).answer);
    const answer = await wanted();
    const known = [interval, user, secret].map(path => entryOf(answer, path)?.known);
    assert.deepEqual(known, ['60', 'set', null]);
  });

  it('names the winning preset of each value, and the losing ones with the reason', async () => {
    await putPreset(api, 'base', { set: { [interval]: 60, [user]: 'base-{{serialNumber}}' } });
    await putPreset(api, 'branch', { set: { [interval]: 70 }, weight: 5 });
    await putPreset(api, 'other', { set: { [interval]: 80, [user]: 'other' }, when: 'tag = "none"', weight: 9 });
    await putPreset(api, 'zone', { set: { [user]: 'zone' } });
    await api.call('POST', '/devices', { body: { id, overrides: { [interval]: 90 } } });
    const cpe = memoryCpe({ [interval]: '3600', [user]: '' });
    await new ScriptedCpe(api.acs.app).session(cpe.answer);
    const answer = await wanted();
    assert.deepEqual([answer.device, answer.reported, answer.revision], [id, cpe.keys.at(-1), cpe.keys.at(-1)]);
    assert.deepEqual(entryOf(answer, interval), {
      path: interval,
      value: '90',
      preset: 'override',
      known: '90',
      lost: [
        { preset: 'branch', value: '70', why: "the device's own value wins over every preset" },
        { preset: 'base', value: '60', why: "the device's own value wins over every preset" },
      ],
    });
    const named = entryOf(answer, user);
    assert.deepEqual([named?.value, named?.preset, named?.known], ['zone', 'zone', 'zone']);
    assert.deepEqual(named?.lost, [
      { preset: 'base', value: 'base-0090F8000001', why: 'of equal weights (0) the later name wins: zone over base' },
    ]);
    assert.deepEqual(
      (answer.presets as unknown as Json[]).map(({ name, fits, weight }) => [name, fits, weight]),
      [
        ['base', true, 0],
        ['zone', true, 0],
        ['branch', true, 5],
        ['other', false, 9],
      ],
    );
    await api.call('PATCH', `/devices/${id}`, { body: { overrides: { [interval]: null } } });
    const then = entryOf(await wanted(), interval);
    assert.deepEqual(
      [then?.preset, then?.lost],
      ['branch', [{ preset: 'base', value: '60', why: 'weight 5 of branch wins over 0' }]],
    );
  });

  it('names the winners of tables, files and the restart', async () => {
    for (const [name, query] of [
      ['old.bin', 'type=firmware&version=1'],
      ['new.bin', 'type=firmware&version=2'],
      ['site.cfg', 'type=script'],
    ])
      await api.call('PUT', `/files/${name}?${query}`, { body: Buffer.from(String(name)) });
    const rows = (criteria: string): object => ({ [events]: { keys: ['Criteria'], rows: [{ Criteria: criteria }] } });
    await putPreset(api, 'a', { objects: rows('a'), firmware: 'old.bin', script: 'site.cfg', restart: 'never' });
    await putPreset(api, 'b', { objects: rows('{{serialNumber}}'), firmware: 'new.bin', restart: 'now' });
    await api.call('POST', '/devices', { body: { id } });
    const answer = await wanted();
    const why = 'of equal weights (0) the later name wins: b over a';
    assert.deepEqual(answer.objects, [
      {
        table: events,
        preset: 'b',
        keys: ['Criteria'],
        rows: [{ Criteria: '0090F8000001' }],
        lost: [{ preset: 'a', why }],
      },
    ]);
    const files = answer.files as unknown as Json[];
    assert.deepEqual(
      files.map(({ kind, name, preset, applied, lost }) => [kind, name, preset, applied, lost]),
      [
        ['script', 'site.cfg', 'a', false, []],
        ['firmware', 'new.bin', 'b', false, [{ preset: 'a', why }]],
      ],
    );
    assert.deepEqual(answer.restart, { wish: 'now', preset: 'b', lost: [{ preset: 'a', why }], pending: null });
  });

  it('shows no secret of a winner, of a loser, or of a variable', async () => {
    await putPreset(api, 'a', { set: { [secret]: 'hidden-1', [user]: 'x-{{site.pinSecret}}' } });
    await putPreset(api, 'b', { set: { [secret]: 'hidden-2', [user]: 'plain' } });
    await putPreset(api, 'c', {
      objects: { [events]: { keys: ['Criteria'], rows: [{ Criteria: '{{site.pinSecret}}' }] } },
    });
    await api.call('POST', '/devices', {
      body: { id, site: { pinSecret: 'hidden-3' }, overrides: { [secret]: 'hidden-4' } },
    });
    const { text, json } = await api.call('GET', `/devices/${id}/wanted`);
    assert.doesNotMatch(text, /hidden/);
    const entry = entryOf(json, secret);
    assert.deepEqual([entry?.value, entry?.lost.map(({ value }) => value)], ['***', ['***', '***']]);
    assert.deepEqual(
      entryOf(json, user)?.lost.map(({ value }) => value),
      ['***'],
    );
    assert.deepEqual((json.objects as unknown as { rows: object[] }[])[0]?.rows, [{ Criteria: '***' }]);
  });

  it('names the fault that suspends a preset, its end, and a remedy', async () => {
    await putPreset(api, 'named', { set: { [user]: '{{site.customer}}' } });
    await putPreset(api, 'good', { set: { [interval]: 60 } });
    const before = memoryCpe({ [interval]: '1', [user]: '' });
    await new ScriptedCpe(api.acs.app).session(before.answer);
    const answer = await wanted();
    const named = (answer.presets as unknown as { name: string; fits: boolean; blockedBy: Json }[]).find(
      ({ name }) => name === 'named',
    );
    assert.equal(named?.fits, true);
    const { code, message, retryAt, hint } = named?.blockedBy ?? {};
    assert.deepEqual([code, /has no site\.customer/.test(String(message))], ['variable-missing', true]);
    assert.ok(Date.parse(String(retryAt)) > api.acs.clock.now());
    assert.match(String(hint), /PATCH/);
    assert.equal(entryOf(answer, user), undefined, 'it is not in the wanted state until then');
    assert.equal(entryOf(answer, interval)?.preset, 'good');
  });

  it('names what would be refused before the first session of a device', async () => {
    await putPreset(api, 'named', { set: { [user]: '{{site.customer}}' } });
    await api.call('POST', '/devices', { body: { id } });
    const [named] = (await wanted()).presets as unknown as Json[];
    assert.match(String(named?.refused), /the device has no site\.customer/);
    await api.refused(404, 'no-such-device', 'GET', '/devices/0090F8-X-1/wanted');
  });

  it('gives a hint with every fault', async () => {
    await putPreset(api, 'bad', { set: { [user]: 'x' } });
    await new ScriptedCpe(api.acs.app).session(() => new CwmpFault(9005, 'no such name'));
    const [fault] = (await api.call('GET', '/faults')).json.items;
    assert.match(String(fault?.hint), /This firmware has no such parameter/);
    const [shown] = (await api.call('GET', `/devices/${id}`)).json.faults as unknown as Json[];
    assert.deepEqual(shown, fault);
  });
});
