// The claim of a device that another process still holds.
import assert from 'node:assert/strict';
import type { Informed } from '../../../../acs/device/operation-types.ts';
import { BEAT_MS, joinMembers, LEASE_MS, type Members } from '../../../../acs/fleet/common/members.ts';
import { claimDevice } from '../../../../acs/fleet/session/claim.ts';
import { openSqlite } from '../../../../acs/store/sqlite/store.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { silentLog } from '../../../../shared/log.ts';
import { sharedMembers } from '../../../support/acs/shared-members.ts';
import { informOf, newYear } from '../../../support/devices.ts';

describe('the takeover of a device', () => {
  const device = '0090F8-4102S-A';
  const facts = (owner: string) => informOf('A', newYear, ['1 BOOT'], { owner });

  const world = async () => {
    const clock = new VirtualClock(newYear);
    const devices = await openSqlite({ file: ':memory:', clock, inThread: true });
    const store = { ...sharedMembers(), apply: devices.apply };
    const join = (self: string): Promise<Members> =>
      joinMembers({ store, clock, log: silentLog, self, address: `at-${self}` });
    const claim = (members: Members, yieldSession: () => Promise<void>): Promise<Informed> =>
      claimDevice({ store, clock, log: silentLog, members, ports: { yieldSession } }, device, facts(members.self));
    const nobody = async (): Promise<void> => assert.fail('nobody is to be asked');
    return { clock, devices, store, join, claim, nobody };
  };

  it('waits until a live member has yielded the session', async () => {
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

  it('does not ask a member that is gone', async () => {
    const { join, claim, nobody, store, devices } = await world();
    const [one, two] = [await join('one'), await join('two')];
    await claim(one, nobody);
    await store.leave('one');
    await two.ended('one');
    const second = await claim(two, nobody);
    assert.ok(second.outcome === 'claimed' && second.row.claim?.owner === 'two');
    await devices.close();
  });

  it('waits for the end of the lease of a member that cannot be reached', async () => {
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

  it('fails when a live member does not answer', async () => {
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
