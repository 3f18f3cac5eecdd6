// Presets in a session: what a device is sent until its ParameterKey is the wanted revision.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { memoryCpe, ScriptedCpe, type TestAcs, testAcs, transferComplete } from '../../support/acs/memory-acs.ts';
import { deviceId as id } from '../../support/devices.ts';

describe('presets in a session', () => {
  let acs: TestAcs;
  const open = async (options: Parameters<typeof testAcs>[0] = {}): Promise<TestAcs> => {
    acs = await testAcs(options);
    return acs;
  };
  afterEach(async () => await acs.close());

  const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';

  beforeEach(async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
  });

  const session = async (cpe: ReturnType<typeof memoryCpe>, events = ['2 PERIODIC']) =>
    await new ScriptedCpe(acs.app, {
      events,
      parameters: { 'Device.ManagementServer.ParameterKey': cpe.keys.at(-1) ?? '' },
    }).session(cpe.answer);

  it('sets values and revision in one call and asks nothing once the device reports it', async () => {
    await acs.fleet.presets.put('base', { set: { [interval]: 60 } });
    const cpe = memoryCpe({ [interval]: '3600' });
    const first = await session(cpe, ['0 BOOTSTRAP', '1 BOOT']);
    assert.deepEqual(
      first.asked.map(entry => entry.method),
      ['GetParameterValues', 'SetParameterValues'],
    );
    assert.equal(cpe.values.get(interval), '60');
    assert.match(cpe.keys[0] ?? '', /^[0-9a-f]{16}$/);
    assert.deepEqual((await session(cpe)).asked, []);
    await acs.fleet.presets.put('base', { set: { [interval]: 90 } });
    await session(cpe);
    assert.equal(cpe.values.get(interval), '90');
    assert.notEqual(cpe.keys[0], cpe.keys.at(-1));
  });

  it('restores the values when another party has changed the ParameterKey', async () => {
    await acs.fleet.presets.put('base', { set: { [interval]: 60 } });
    const cpe = memoryCpe({ [interval]: '60' });
    await session(cpe);
    cpe.keys.push('someone-else');
    cpe.values.set(interval, '7');
    await session(cpe);
    assert.equal(cpe.values.get(interval), '60');
  });

  it('suspends a bad preset with a fault for its parameter and applies the others', async () => {
    await acs.fleet.presets.put('good', { set: { [interval]: 60 } });
    await acs.fleet.presets.put('bad', { set: { 'Device.X_0090F8_Cwmp.Username': 'x' }, weight: 5 });
    const cpe = memoryCpe({ [interval]: '3600', 'Device.X_0090F8_Cwmp.Username': '' });
    const answer: typeof cpe.answer = (method, args) => {
      const list = (args.ParameterList ?? []) as { Name: string }[];
      if (method === 'SetParameterValues' && list.some(entry => entry.Name.endsWith('Username'))) {
        return new CwmpFault(9003, 'Invalid arguments', [
          { name: 'Device.X_0090F8_Cwmp.Username', code: 9007, message: 'Invalid parameter value' },
        ]) as never;
      }
      return cpe.answer(method, args);
    };
    await new ScriptedCpe(acs.app).session(answer);
    assert.equal(cpe.values.get(interval), '60');
    const [fault] = await acs.store.faults(10);
    assert.deepEqual(
      [fault?.cause, fault?.parameter, fault?.code],
      ['preset:bad', 'Device.X_0090F8_Cwmp.Username', 9007],
    );
  });

  it('refuses a preset that fits no known data model and names the place', async () => {
    const wrong: [object, RegExp][] = [
      [{ set: { 'Device.Nothing': 1 } }, /no known data model has Device.Nothing/],
      [{ set: { [interval]: 'soon' } }, /PeriodicInformInterval/],
      [{ set: { 'Device.DeviceInfo.SoftwareVersion': '1' } }, /read-only/],
      [{ when: 'online', set: {} }, /changes by itself/],
      [{ when: 'firmware <', set: {} }, /column|end|expected/i],
      [{ firmware: 'missing.bin' }, /no file/],
    ];
    for (const [preset, message] of wrong) await assert.rejects(acs.fleet.presets.put('p', preset), message);
  });

  it('sends a script once, by Download, before the values', async () => {
    await acs.fleet.files.put('site.cfg', Buffer.from('Cwmp.Username="a"\n'), { type: 'script' });
    await acs.fleet.presets.put('base', { set: { [interval]: 60 }, script: 'site.cfg' });
    const cpe = memoryCpe({ [interval]: '3600' });
    const first = await session(cpe, ['0 BOOTSTRAP', '1 BOOT']);
    assert.deepEqual(
      first.asked.map(entry => entry.method),
      ['Download'],
    );
    const key = String(first.asked[0]?.args.CommandKey);
    const second = await new ScriptedCpe(acs.app, { events: ['7 TRANSFER COMPLETE', `M Download|${key}`] }).session(
      cpe.answer,
      [transferComplete(key)],
    );
    assert.deepEqual(
      second.asked.map(entry => entry.method),
      ['GetParameterValues', 'SetParameterValues'],
    );
    assert.deepEqual((await session(cpe)).asked, []);
  });

  it('replaces a Download that a former process created and never sent', async () => {
    await session(memoryCpe({}));
    await acs.fleet.files.put('site.cfg', Buffer.from('Cwmp.Username="a"\n'), { type: 'script' });
    await acs.fleet.presets.put('base', { script: 'site.cfg' });
    const left = await acs.fleet.tasks.make(id, { method: 'Download', file: 'site.cfg' }, 'reconcile');
    const { asked } = await session(memoryCpe({ [interval]: '3600' }));
    assert.deepEqual(
      asked.map(entry => entry.method),
      ['Download'],
    );
    assert.notEqual(asked[0]?.args.CommandKey, left.id);
    assert.equal((await acs.fleet.tasks.get(left.id)).state, 'cancelled');
  });
});
