// Members of a fleet: each judges the others by its own clock, and stops serving before they take it for gone.
import assert from 'node:assert/strict';
import {
  BEAT_MS,
  joinMembers,
  LEASE_MS,
  type Members,
  memberId,
  nodeOf,
  SERVING_MS,
} from '../../../../acs/fleet/common/members.ts';
import { seededRandom, VirtualClock } from '../../../../shared/clock.ts';
import { silentLog } from '../../../../shared/log.ts';
import { sharedMembers } from '../../../support/acs/shared-members.ts';
import { newYear } from '../../../support/devices.ts';

const MINUTE = 60_000;

describe('a member of a fleet', () => {
  let store: ReturnType<typeof sharedMembers>;
  let clocks: VirtualClock[];
  beforeEach(() => {
    store = sharedMembers();
    clocks = [];
  });

  const join = async (self: string, at = 0, isPredecessor?: (id: string) => boolean): Promise<Members> => {
    const clock = new VirtualClock(newYear + at);
    clocks.push(clock);
    return await joinMembers({
      ...{ store, clock, log: silentLog, self, address: `at-${self}` },
      ...(isPredecessor ? { isPredecessor } : {}),
    });
  };
  /** Advances all clocks together, in small steps. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 500) for (const clock of clocks) await clock.advance(Math.min(500, left));
  };

  it("knows the others' addresses, also when clocks differ", async () => {
    const one = await join('one');
    const two = await join('two', 7 * MINUTE);
    await pass(10 * MINUTE);
    assert.deepEqual(
      one.others().map(({ id, address }) => [id, address]),
      [['two', 'at-two']],
    );
    assert.equal(two.addressOf('one'), 'at-one');
    assert.equal(await one.isGone('two'), false);
    assert.equal(await two.isGone('one'), false);
    assert.equal(await one.isGone('one'), false);
  });

  for (const apart of [-5 * MINUTE, 0, 5 * MINUTE])
    it(`is gone only after its lease expires (clocks ${apart / MINUTE} min apart)`, async () => {
      const one = await join('one');
      await join('two', apart);
      await pass(4 * BEAT_MS);
      store.broken.add('two');
      await pass(LEASE_MS - BEAT_MS);
      assert.equal(await one.isGone('two'), false);
      await pass(3 * BEAT_MS);
      assert.equal(await one.isGone('two'), true);
      assert.equal(one.addressOf('two'), undefined);
      store.broken.delete('two');
      await pass(2 * BEAT_MS);
      assert.equal(await one.isGone('two'), false, 'it beats again');
    });

  it('stops serving before others take it for gone when its beats do not arrive', async () => {
    const one = await join('one');
    const two = await join('two', 3 * MINUTE);
    await pass(5 * BEAT_MS);
    store.broken.add('two');
    let stopped = 0;
    let gone = 0;
    for (let waited = 0; gone === 0 && waited < 2 * LEASE_MS; waited += 500) {
      await pass(500);
      if (!stopped && !two.isServing()) stopped = waited;
      if (await one.isGone('two')) gone = waited;
    }
    assert.ok(stopped > 0 && gone > 0);
    assert.ok(gone - stopped >= LEASE_MS - SERVING_MS - BEAT_MS, `stopped after ${stopped}, gone after ${gone}`);
    store.broken.delete('two');
    await pass(2 * BEAT_MS);
    assert.equal(two.isServing(), true);
  });

  it('takes only its predecessors for gone after a restart', async () => {
    const random = seededRandom(1);
    const before = memberId('node', random);
    const other = memberId('node2', random);
    const first = await join(before);
    await join(other);
    const witness = await join(memberId('witness', random));
    const again = memberId('node', random);
    const second = await join(again, 0, id => nodeOf(id) === nodeOf(again));
    assert.equal(await second.isGone(before), true);
    assert.equal(await second.isGone(other), false);
    clocks.shift();
    await pass(BEAT_MS);
    assert.equal(await witness.isGone(before), true, 'the others know it with their next beat');
    assert.equal(first.self, before);
  });

  it('is gone when it leaves, and known as soon as it has come', async () => {
    const one = await join('one');
    const two = await join('two');
    assert.equal(await one.isGone('two'), false, 'it was not there at the last look');
    await two.leave();
    assert.equal(two.isServing(), false);
    await pass(BEAT_MS);
    assert.equal(await one.isGone('two'), true);
    assert.equal(await one.isGone('never heard of'), true);
  });

  it('is forgotten by the store when it has long been gone', async () => {
    const one = await join('one');
    await join('two');
    clocks.pop();
    await clocks[0]?.advance(2 * 60 * MINUTE);
    assert.deepEqual(
      (await store.beat({ id: 'one', address: '' })).map(({ id }) => id),
      ['one'],
    );
    assert.equal(await one.isGone('two'), true);
  });
});
