// Credentials that a device refuses: when the ACS offers them again.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import { type TestAcs, testAcs } from '../../../support/acs/memory-acs.ts';
import { ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../../support/devices.ts';

const parameters = {
  'Device.ManagementServer.ConnectionRequestURL': 'http://127.0.0.1:7547/cr',
  // It tells its interval, so that the ACS need not read it.
  'Device.ManagementServer.PeriodicInformInterval': '3600',
};

describe('credentials that a device refuses', () => {
  let acs: TestAcs;
  beforeEach(async () => {
    acs = await testAcs({ enrol: 'auto', cpeAuth: 'none' });
  });
  afterEach(async () => await acs.close());

  /** @returns the methods that the ACS called in one session of a device that refuses all settings */
  const session = async (...events: string[]): Promise<string[]> => {
    const { asked } = await new ScriptedCpe(acs.app, { events, parameters }).session(() => new CwmpFault(9001));
    return asked.map(({ method }) => method);
  };

  it('are offered again when the device was removed and comes back without a boot', async () => {
    assert.deepEqual(await session('0 BOOTSTRAP', '1 BOOT'), ['SetParameterValues']);
    await acs.fleet.devices.remove(id);
    assert.deepEqual(await session('2 PERIODIC'), ['SetParameterValues']);
    assert.deepEqual(await session('2 PERIODIC'), []);
  });
});
