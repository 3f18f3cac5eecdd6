// Virtual time at size: 50 gateways, one day, harsh faults; twice with one seed and once with another.
import assert from 'node:assert/strict';
import { openVirtualWorld } from '../support/worlds/virtual-world.ts';

describe('50 gateways, a day, harsh faults', () => {
  const play = async (seed: number): Promise<{ hash: string; exchanges: number }> => {
    const settings = {
      'Device.ManagementServer.PeriodicInformEnable': '1',
      'Device.ManagementServer.PeriodicInformInterval': '3600',
    };
    const world = await openVirtualWorld({ seed, count: 50, faults: 'harsh', ramp: 3600, settings });
    try {
      world.start();
      await world.pass(24 * 3_600_000);
      assert.equal(world.report().informed, 50);
      return world.trace();
    } finally {
      await world.close();
    }
  };

  it('repeats its exchanges for the same seed and differs for another one', async function () {
    this.timeout(300_000);
    const first = await play(1);
    assert.deepEqual(await play(1), first);
    assert.notEqual((await play(2)).hash, first.hash);
  });
});
