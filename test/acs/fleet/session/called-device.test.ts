// A device that comes because it was called: its session knows what the operator changed before, in whichever process.
import assert from 'node:assert/strict';
import { openSqlite } from '../../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../../acs/store/store.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { type TestAcs, testAcs } from '../../../support/acs/memory-acs.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';

const interval = 'Device.ManagementServer.PeriodicInformInterval';

/** The store of a process that learns of changes by others only when it looks. */
function learningLate(store: Store): Store {
  const known = new Map<string, number>();
  return {
    ...store,
    generation: kind => known.get(kind) ?? 0,
    refresh: async () => void known.set('preset', store.generation('preset')),
  };
}

describe('a device that was called', () => {
  let store: Store;
  let [here, elsewhere]: [TestAcs?, TestAcs?] = [];
  afterEach(async () => {
    for (const acs of [here, elsewhere]) await acs?.south.close();
    await store.close();
  });

  it('is given a preset that another process stored a moment before', async () => {
    const clock = new VirtualClock();
    store = await openSqlite({ file: ':memory:', clock, inThread: true });
    const open = (own: Store): Promise<TestAcs> =>
      testAcs({ beside: { clock, store: own }, enrol: 'auto', cpeAuth: 'none' });
    const acs = await open(learningLate(store));
    [here, elsewhere] = [acs, await open(store)];
    const { answer } = memoryCpe({ [interval]: '300' });
    const methods = async (...events: string[]): Promise<string[]> =>
      (await new ScriptedCpe(acs.app, { events }).session(answer)).asked.map(({ method }) => method);
    await methods('0 BOOTSTRAP', '1 BOOT');
    await elsewhere.fleet.presets.put('base', { set: { [interval]: '3600' } });
    assert.deepEqual(await methods('2 PERIODIC'), [], 'it is learned within seconds');
    assert.ok((await methods('6 CONNECTION REQUEST')).includes('SetParameterValues'));
  });
});
