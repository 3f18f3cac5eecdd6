// The progress of rollouts in the metrics.
import assert from 'node:assert/strict';
import { type RolloutTest, rolloutTest } from '../../../support/acs/rollout.ts';

describe('the progress of a rollout', () => {
  let test: RolloutTest;
  beforeEach(async () => {
    test = await rolloutTest();
  });
  afterEach(async () => await test.close());

  it('is in the metrics until it has ended', async () => {
    const metrics = async (): Promise<Record<string, number>> => {
      await test.acs.clock.advance(5000);
      const { body } = await test.rest.inject({ url: '/metrics' });
      const lines = body.split('\n').filter(line => /^acs_rollout_/.test(line) && !line.endsWith(' 0'));
      return Object.fromEntries(
        lines.map(line => [line.slice(12, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
      );
    };
    const units = await test.fleet(3);
    assert.deepEqual(await metrics(), {});
    await test.roll({ waves: [1] });
    const begun = { 'devices{rollout="r",state="offered"}': 1, 'devices{rollout="r",state="planned"}': 2 };
    assert.deepEqual(await metrics(), { ...begun, 'phase{rollout="r",phase="running"}': 1 });
    await test.act('pause');
    assert.deepEqual(await metrics(), {
      'devices{rollout="r",state="planned"}': 3,
      'phase{rollout="r",phase="paused"}': 1,
    });
    await test.act('resume');
    await test.restInEach(units, 4);
    assert.equal((await test.rollout()).state, 'done');
    assert.deepEqual(await metrics(), {});
  });

  it('is counted for the metrics at most every few seconds', async () => {
    await test.fleet(1);
    await test.roll();
    const { store, clock } = test.acs;
    const { rollouts } = test.acs.fleet;
    const count = store.countDevices;
    let counts = 0;
    let isBroken = false;
    store.countDevices = async (...args) => {
      counts++;
      if (isBroken) throw new Error('not now');
      return await count(...args);
    };
    const [found] = await Promise.all([rollouts.live(), rollouts.live()]);
    const once = counts;
    assert.ok(once > 0);
    await clock.advance(4900);
    assert.deepEqual(await rollouts.live(), found);
    assert.equal(counts, once);
    await clock.advance(200);
    isBroken = true;
    await assert.rejects(rollouts.live(), /not now/);
    isBroken = false;
    assert.deepEqual(await rollouts.live(), found);
  });
});
