// Members: who lives is judged by one's own clock, whatever the others' clocks say; who may be taken for gone stops by itself before.
import assert from 'node:assert/strict';
import type { Informed } from '../../../../acs/device/operation-types.ts';
import {
  BEAT_MS,
  joinMembers,
  LEASE_MS,
  type Members,
  memberId,
  nodeOf,
  SERVING_MS,
} from '../../../../acs/fleet/common/members.ts';
import { claimDevice } from '../../../../acs/fleet/session/claim.ts';
import { openSqlite } from '../../../../acs/store/sqlite/store.ts';
import type { Member, Store } from '../../../../acs/store/store.ts';
import { seededRandom, VirtualClock } from '../../../../shared/clock.ts';
import { silentLog } from '../../../../shared/log.ts';
import { informOf, newYear } from '../../../support/devices.ts';

const MINUTE = 60_000;

/** What two processes share; each has a clock of its own. */
function sharedMembers(): Pick<Store, 'beat' | 'leave'> & { broken: Set<string> } {
  const members = new Map<string, Member>();
  const broken = new Set<string>();
  return {
    broken,
    beat: async ({ id, address }) => {
      if (broken.has(id)) throw new Error('the store is away');
      members.set(id, { id, address, beat: (members.get(id)?.beat ?? 0) + 1 });
      return [...members.values()];
    },
    leave: async id => {
      members.delete(id);
    },
  };
}

describe('members of a fleet', () => {
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
  /** All clocks go on together, a little at a time. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 500) for (const clock of clocks) await clock.advance(Math.min(500, left));
  };

  it('know each other, with their addresses, however far apart their clocks are', async () => {
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
    it(`one that beats no more is gone when its lease has run out, and not before (clocks ${apart / MINUTE} min apart)`, async () => {
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

  it('one whose beats do not arrive serves nobody before anyone takes it for gone', async () => {
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

  it('a restarted process knows that its predecessors are gone, and of nobody else that', async () => {
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

  it('one that leaves is gone for the others, and one that comes is known when it is asked for', async () => {
    const one = await join('one');
    const two = await join('two');
    assert.equal(await one.isGone('two'), false, 'it was not there at the last look');
    await two.leave();
    assert.equal(two.isServing(), false);
    await pass(BEAT_MS);
    assert.equal(await one.isGone('two'), true);
    assert.equal(await one.isGone('never heard of'), true);
  });

  it('one that has long been gone is forgotten by the store', async () => {
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

describe('taking a device over', () => {
  const device = '0090F8-4102S-A';
  const facts = (owner: string) => informOf('A', newYear, ['1 BOOT'], { owner });

  const world = async () => {
    const clock = new VirtualClock(newYear);
    const devices = await openSqlite({ file: ':memory:', clock, inThread: true });
    const store = { ...sharedMembers(), apply: devices.apply };
    const join = (self: string): Promise<Members> =>
      joinMembers({ store, clock, log: silentLog, self, address: `at-${self}` });
    const claim = (members: Members, yieldSession: () => Promise<void>): Promise<Informed> =>
      claimDevice({ store, clock, log: silentLog, members, yieldSession }, device, facts(members.self));
    const nobody = async (): Promise<void> => assert.fail('nobody is to be asked');
    return { clock, devices, store, join, claim, nobody };
  };

  it('from a live member only when that has given the session up', async () => {
    const { join, claim, nobody, devices } = await world();
    const [one, two] = [await join('one'), await join('two')];
    const first = await claim(one, nobody);
    assert.ok(first.outcome === 'claimed');
    const order: string[] = [];
    const second = await claim(two, async () => {
      order.push('asked');
      assert.equal((await devices.device(device))?.claim?.owner, 'one');
      await devices.apply(device, 'released', { token: first.token, complete: false, now: newYear });
      order.push('over');
    });
    assert.deepEqual(order, ['asked', 'over']);
    assert.ok(second.outcome === 'claimed' && second.token > first.token);
    const late = await devices.apply(device, 'released', { token: first.token, complete: true, now: newYear });
    assert.equal(late, 'stale', 'the older session changes nothing any more');
    await devices.close();
  });

  it('from a member that is gone without asking it', async () => {
    const { join, claim, nobody, store, devices } = await world();
    const [one, two] = [await join('one'), await join('two')];
    await claim(one, nobody);
    await store.leave('one');
    await two.ended('one');
    const second = await claim(two, nobody);
    assert.ok(second.outcome === 'claimed' && second.row.claim?.owner === 'two');
    await devices.close();
  });

  it('from a member that cannot be reached once its lease has run out; until then the CPE waits', async () => {
    const { clock, join, claim, nobody, store, devices } = await world();
    const [one, two] = [await join('one'), await join('two')];
    await claim(one, nobody);
    store.broken.add('one');
    let outcome = '';
    const taking = claim(two, async () => {
      throw new Error('connection refused');
    }).then(informed => {
      outcome = informed.outcome;
    });
    await clock.advance(LEASE_MS - 2 * BEAT_MS);
    assert.equal(outcome, '');
    await clock.advance(3 * BEAT_MS);
    assert.equal(outcome, 'claimed');
    await taking;
    await devices.close();
  });

  it('not from a member that lives and does not answer', async () => {
    const { clock, join, claim, nobody, devices } = await world();
    const [one, two] = [await join('one'), await join('two')];
    await claim(one, nobody);
    const taking = claim(two, async () => {
      throw new Error('connection refused');
    });
    await clock.advance(3 * LEASE_MS);
    assert.equal((await taking).outcome, 'busy');
    await devices.close();
  });
});
