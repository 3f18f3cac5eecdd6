// Presets in a session: what a device is sent until its ParameterKey is the wanted revision.
import assert from 'node:assert/strict';
import { type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { memoryCpe, ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
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
