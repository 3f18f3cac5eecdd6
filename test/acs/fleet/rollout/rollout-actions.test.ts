// Rollouts that stop, go back or are tried again, by their own limits or by an operator.
import assert from 'node:assert/strict';
import { MOVES } from '../../../../acs/fleet/rollout/many-positions.ts';
import { NEW, OLD, type RolloutTest, rolloutTest } from '../../../support/acs/rollout.ts';

describe('a rollout that is stopped or rolled back', () => {
  let test: RolloutTest;
  beforeEach(async () => {
    test = await rolloutTest();
  });
  afterEach(async () => await test.close());

  it('retries failed devices, and only those that are named', async () => {
    const units = await test.fleet(3);
    if (units[1]) units[1].manner = 'old';
    await test.roll();
    await test.restInEach(units, 3);
    assert.equal((await test.rollout()).state, 'done');
    if (units[1]) units[1].manner = 'good';
    await test.act('retry');
    await test.turn();
    await test.restInEach(units, 3);
    assert.deepEqual(await test.counts(), { done: 3 });
    assert.deepEqual(
      units.map(({ flashes }) => flashes.length),
      [1, 2, 1],
    );
    assert.equal((await test.rollout()).state, 'done');
    await test.refused(409, 'nothing-failed', 'POST', '/rollouts/r/retry');
  });

  it('pauses at the failure limit, and withdraws offers that have not begun', async () => {
    const units = await test.fleet(10);
    for (const unit of units.slice(0, 3)) unit.manner = 'refuse';
    await test.roll({
      failure: { total: '20%' },
      parallelism: 5,
      devices: units.map(({ id }) => id),
      filter: undefined,
    });
    await test.settleAll(units.slice(0, 3));
    await test.turn();
    const { state, reason } = await test.rollout();
    assert.deepEqual([state, reason], ['paused', '3 have failed; 20% are allowed']);
    assert.deepEqual(await test.counts(), { failed: 3, planned: 7 });
    await test.settleAll(units);
    assert.ok(units.every(({ flashes }) => flashes.length === 0));
    // Failures so far no longer count.
    await test.act('resume');
    await test.turn();
    await test.restInEach(units, 4);
    assert.deepEqual(await test.counts(), { failed: 3, done: 7 });
    assert.equal((await test.rollout()).state, 'done');
  });

  it('stops a device that has an offer as soon as it is paused', async () => {
    const units = await test.fleet(2);
    await test.roll();
    await units[0]?.session();
    await test.act('pause');
    await units[1]?.settle();
    assert.deepEqual(await test.counts(), { downloading: 1, planned: 1 });
    assert.deepEqual(units[1]?.flashes, []);
    // The device that was under way ends.
    await units[0]?.settle();
    await test.turn(2 * 60_000);
    assert.deepEqual(await test.counts(), { done: 1, planned: 1 });
    await test.act('resume');
    await test.turn();
    await test.restInEach(units, 2);
    assert.deepEqual(await test.counts(), { done: 2 });
  });

  it('offers nothing more once an abort or a pause is answered, in the midst of offers', async () => {
    await test.fleet(20);
    const { store } = test.acs;
    for (const action of ['pause', 'abort'] as const) {
      let offers = 0;
      const { apply } = store;
      store.apply = (async (...args: Parameters<typeof apply>) => {
        if (args[1] === 'rolloutOffered' && ++offers === 3) await test.act(action);
        return await apply(...args);
      }) as typeof apply;
      await (action === 'pause' ? test.roll({ parallelism: 20 }) : test.act('resume'));
      await test.turn();
      store.apply = apply;
      // The one that was on its way.
      assert.equal(offers, 3);
      assert.equal((await test.counts()).offered, undefined, action);
    }
    assert.deepEqual(await test.counts(), { skipped: 20 });
  });

  it('stops planning when it is aborted, and takes offers back before it skips the others', async () => {
    await test.fleet(MOVES + 10);
    const { store } = test.acs;
    const { applyToMany } = store;
    const names: string[] = [];
    store.applyToMany = async many => {
      if (names.push(`${many.name} ${many.devices.length}`) === 1) await test.act('abort');
      return await applyToMany(many);
    };
    await test.roll();
    await test.turn();
    assert.deepEqual(names, [`rolloutAssigned ${MOVES}`, `rolloutJudged ${MOVES}`]);
    assert.deepEqual(await test.counts(), { skipped: MOVES });
    store.applyToMany = applyToMany;
  });

  it('has taken all offers back when an abort is answered, before its next step', async () => {
    await test.fleet(6);
    await test.roll({ waves: [4], parallelism: 4 });
    await test.turn();
    assert.deepEqual(await test.counts(), { offered: 4, planned: 2 });
    await test.act('abort');
    assert.deepEqual(await test.counts(), { skipped: 4, planned: 2 });
    await test.turn();
    assert.deepEqual(await test.counts(), { skipped: 6 });
  });

  it('skips devices that have not begun when it is aborted', async () => {
    const units = await test.fleet(5);
    await test.roll({ waves: [2] });
    for (const unit of units) await unit.session();
    await test.act('abort');
    await test.turn();
    assert.deepEqual(await test.counts(), { downloading: 2, skipped: 3 });
    assert.equal((await test.rollout()).ended, null);
    const { detail } = await test.refused(409, 'rollout-live', 'DELETE', '/rollouts/r');
    assert.match(String(detail), /aborted and has not ended: devices that are under way are awaited/);
    await test.restInEach(units, 2);
    assert.deepEqual(await test.counts(), { done: 2, skipped: 3 });
    const { state, ended } = await test.rollout();
    assert.equal(state, 'aborted');
    assert.notEqual(ended, null);
  });

  it('rolls back to the previous version by its stored image', async () => {
    const units = await test.fleet(4);
    await test.roll({ waves: [2] });
    await test.restInEach(units, 1);
    assert.deepEqual(await test.counts(), { done: 2, offered: 2 });
    await test.act('rollback');
    await test.turn();
    await test.restInEach(units, 3);
    assert.deepEqual(await test.counts(), { reverted: 2, skipped: 2 });
    assert.equal((await test.rollout()).state, 'rolled-back');
    assert.deepEqual(units.map(({ flashes }) => flashes).sort(), [[NEW, OLD], [NEW, OLD], [], []].sort());
    assert.ok(units.every(({ version }) => version === OLD));
  });

  it('refuses to roll back when no image of the old version is stored', async () => {
    const units = await test.fleet(1);
    await test.roll();
    await test.restInEach(units, 2);
    await test.call('DELETE', `/files/${OLD}.bin`);
    const problem = await test.refused(409, 'no-previous-image', 'POST', '/rollouts/r/rollback');
    assert.match(String(problem.detail), /no device that runs 49\.2\.200 has a stored image/);
    assert.equal((await test.rollout()).state, 'done');
  });

  it('rolls back by itself at the failure limit when its plan says so', async () => {
    const units = await test.fleet(4);
    const last = units[3];
    assert.ok(last);
    await test.roll({
      failure: { total: 0, action: 'rollback' },
      devices: units.map(({ id }) => id),
      filter: undefined,
    });
    await test.settleAll(units.slice(0, 3));
    await test.turn(2 * 60_000);
    last.manner = 'refuse';
    await last.settle();
    await test.turn();
    await test.restInEach(units, 3);
    assert.deepEqual(await test.counts(), { reverted: 3, failed: 1 });
    assert.equal((await test.rollout()).state, 'rolled-back');
    assert.ok(units.every(({ version }) => version === OLD));
  });

  it('protects the files that it wants', async () => {
    await test.fleet(1);
    await test.roll();
    await test.refused(409, 'file-in-use', 'DELETE', `/files/${NEW}.bin`);
    await test.refused(409, 'file-in-use', 'PUT', `/files/${NEW}.bin?type=firmware&version=2`, {
      body: Buffer.from('y'),
    });
    await test.refused(409, 'rollout-live', 'DELETE', '/rollouts/r');
  });

  it('retries as a job those devices alone that have failed for one reason', async () => {
    const units = await test.fleet(2);
    for (const unit of units) unit.manner = 'fail';
    await test.roll();
    await test.settleAll(units);
    await test.turn();
    assert.equal((await test.counts()).failed, 2);
    const [reason] = (await test.call('GET', '/jobs/r/reasons')).json.items;
    await test.refused(409, 'nothing-failed', 'POST', '/jobs/r/retry', { body: { code: 'health' } });
    assert.equal((await test.counts()).failed, 2);
    const body = { code: reason?.code, devices: [units[0]?.id] };
    assert.equal((await test.call('POST', '/jobs/r/retry', { body })).status, 200);
    await test.turn();
    assert.deepEqual(await test.counts(), { failed: 1, offered: 1 });
  });
});
