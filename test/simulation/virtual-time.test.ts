// Virtual time: the same seed gives the same run, exchange by exchange, and both sides agree after faults have ended.
import assert from 'node:assert/strict';
import { reconcileFleet } from '../support/worlds/reconciliation.ts';
import { openVirtualWorld } from '../support/worlds/virtual-world.ts';

const settings = {
  'Device.ManagementServer.PeriodicInformEnable': '1',
  'Device.ManagementServer.PeriodicInformInterval': '1800',
};
const HOUR = 3_600_000;

describe('a fleet in virtual time', () => {
  const play = async (seed: number): Promise<{ hash: string; exchanges: number; report: unknown }> => {
    const world = await openVirtualWorld({ seed, count: 8, faults: 'harsh', ramp: 600, settings });
    try {
      world.start();
      await world.pass(8 * HOUR);
      const { seconds: _real, ...report } = world.report();
      return { ...world.trace(), report };
    } finally {
      await world.close();
    }
  };

  it('repeats every exchange and the report with the same seed, and not with another', async function () {
    this.timeout(60_000);
    const first = await play(1);
    assert.ok(first.exchanges > 200, `${first.exchanges} exchanges`);
    assert.deepEqual(await play(1), first);
    assert.notEqual((await play(2)).hash, first.hash);
  });

  it('keeps time still while work is under way, and moves it exactly as far as asked', async () => {
    const world = await openVirtualWorld({ count: 3, ramp: 10, settings });
    try {
      const began = world.clock.now();
      world.start();
      await world.pass(12_345);
      assert.equal(world.clock.now() - began, 12_345);
      assert.equal(world.south.sessions(), 0, 'every session that began has ended');
      assert.equal(world.report().informed, 3);
    } finally {
      await world.close();
    }
  });

  it('leaves both sides in agreement after faults of the network and of power', async function () {
    this.timeout(60_000);
    const faults = 'request-lost=0.1,answer-lost=0.1,power-session=0.05,power-idle=0.05';
    const world = await openVirtualWorld({ seed: 3, count: 10, faults, ramp: 600, settings });
    try {
      world.start();
      await world.pass(12 * HOUR);
      world.setFaults('none');
      await world.pass(3 * HOUR);
      const report = world.report();
      assert.ok(report.failedSessions > 50 && report.powerCuts > 5, JSON.stringify(report.faults));
      const units = report.units ?? [];
      const { differences } = await reconcileFleet(path => world.api('GET', path), units);
      assert.deepEqual(differences, []);
      assert.equal(report.ok, true);
    } finally {
      await world.close();
    }
  });
});
