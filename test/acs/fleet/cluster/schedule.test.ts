// The schedule: each duty is done once by one of several processes, and old records are deleted.
import assert from 'node:assert/strict';
import { createSchedule } from '../../../../acs/fleet/cluster/schedule.ts';
import type { Schedule } from '../../../../acs/fleet/common/schedule.ts';
import { retentionAt, startDuties } from '../../../../acs/fleet/duties.ts';
import { openSqlite } from '../../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../../acs/store/store.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { createLog } from '../../../../shared/log.ts';
import { identityOf, idOf, taskOf } from '../../../support/devices.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('the schedule', () => {
  let clock: VirtualClock;
  let store: Store;
  let logged: string[];
  const schedules: Schedule[] = [];
  const schedule = (owner: string): Schedule => {
    const log = createLog({ clock, level: 'info', write: line => logged.push(line) });
    const made = createSchedule({ store, clock, log, owner });
    schedules.push(made);
    return made;
  };
  beforeEach(async () => {
    clock = new VirtualClock();
    logged = [];
    store = await openSqlite({ file: ':memory:', clock });
  });
  afterEach(async () => {
    for (const made of schedules.splice(0)) await made.stop();
    await store.close();
  });

  it('does a duty soon after the start, then each time it is due, until it is stopped', async () => {
    const ran: number[] = [];
    const start = clock.now();
    const own = schedule('one');
    own.every('count', HOUR, async () => {
      ran.push((clock.now() - start) / MINUTE);
    });
    await clock.advance(3 * HOUR);
    assert.deepEqual(ran, [1, 61, 121]);
    await own.stop();
    await clock.advance(3 * HOUR);
    assert.equal(ran.length, 3);
  });

  it('gives each duty to one process, and to another when that one has gone', async () => {
    const ran: string[] = [];
    const owners = ['one', 'two', 'three'].map(owner => {
      const own = schedule(owner);
      own.every('count', HOUR, async () => {
        ran.push(owner);
      });
      return own;
    });
    await clock.advance(10 * HOUR);
    assert.equal(ran.length, 10);
    const [last] = ran.slice(-1);
    await owners[['one', 'two', 'three'].indexOf(last ?? '')]?.stop();
    await clock.advance(10 * HOUR);
    assert.equal(ran.length, 20);
    assert.ok(!ran.slice(10).includes(last ?? ''));
  });

  it('does not repeat a duty after a restart before it is due', async () => {
    let ran = 0;
    const count = async (): Promise<void> => {
      ran++;
    };
    const first = schedule('one');
    first.every('count', HOUR, count);
    await clock.advance(10 * MINUTE);
    await first.stop();
    schedule('again').every('count', HOUR, count);
    await clock.advance(50 * MINUTE);
    assert.equal(ran, 1);
    await clock.advance(2 * MINUTE);
    assert.equal(ran, 2);
  });

  it('logs a duty that fails, and retries it before it is due', async () => {
    let ran = 0;
    schedule('one').every('count', HOUR, async () => {
      if (++ran < 3) throw new Error('not now');
    });
    await clock.advance(12 * MINUTE);
    assert.equal(ran, 3);
    assert.equal(logged.filter(line => /duty failed.*not now/.test(line)).length, 2);
    await clock.advance(HOUR);
    assert.equal(ran, 4);
  });

  describe('a prompt duty', () => {
    const duty = (
      ran: string[],
      owner: string,
      more: { ms?: number; isDue?: () => boolean; next?: () => number | undefined } = {},
    ) => ({
      isDue: async () => more.isDue?.() ?? true,
      work: async () => {
        ran.push(`${owner} begins`);
        if (more.ms) await clock.sleep(more.ms);
        ran.push(`${owner} ends`);
        return more.next?.();
      },
    });

    it('is done soon after the start, when asked for, and after its interval', async () => {
      const ran: string[] = [];
      const { soon } = schedule('one').promptly('count', HOUR, duty(ran, 'one'));
      await clock.advance(1000);
      assert.equal(ran.length, 2);
      await clock.advance(30 * MINUTE);
      assert.equal(ran.length, 2);
      for (let n = 0; n < 5; n++) soon();
      await clock.advance(1000);
      assert.equal(ran.length, 4);
      await clock.advance(61 * MINUTE);
      assert.equal(ran.length, 6);
    });

    it('is neither done nor recorded while it is not due', async () => {
      const ran: string[] = [];
      const { soon } = schedule('one').promptly('count', HOUR, duty(ran, 'one', { isDue: () => false }));
      soon();
      await clock.advance(2 * HOUR);
      assert.deepEqual(ran, []);
      assert.equal(store.generation('duty'), 0);
    });

    it('is done by one process at a time, and loses no request', async () => {
      const ran: string[] = [];
      const bells = ['one', 'two'].map(owner =>
        schedule(owner).promptly('count', HOUR, duty(ran, owner, { ms: 5000 })),
      );
      await clock.advance(20_000);
      for (let n = 0; n < 20; n++) {
        bells[n % 2]?.soon();
        await clock.advance(3000);
      }
      await clock.advance(30_000);
      for (let at = 0; at < ran.length; at += 2)
        assert.equal(ran[at + 1], ran[at]?.replace('begins', 'ends'), 'nothing of the other comes in between');
      assert.ok(ran.includes('one ends') && ran.includes('two ends'));
      const done = ran.length;
      await clock.advance(10_000);
      assert.equal(ran.length, done);
      bells[0]?.soon();
      await clock.advance(10_000);
      assert.equal(ran.at(-1), 'one ends');
      assert.equal(ran.length, done + 2);
    });

    it('is done once at the time that it named, and after its interval', async () => {
      const times: number[] = [];
      const start = clock.now();
      const dues = [start + 7250, start + 20_500, start + 5 * HOUR];
      const work = async (): Promise<number | undefined> => {
        times.push(clock.now() - start);
        return dues.find(due => due > clock.now());
      };
      const bells = ['one', 'two'].map(owner =>
        schedule(owner).promptly('count', HOUR, { isDue: async () => true, work }),
      );
      await clock.advance(5000);
      const begun = times.length;
      assert.ok(begun <= 2, 'once by each process that starts');
      await clock.advance(10_000);
      assert.deepEqual(times.slice(begun), [7250]);
      for (const { soon } of bells) soon();
      await clock.advance(4000);
      const rung = times.length;
      assert.ok(rung > begun + 1);
      await clock.advance(50 * MINUTE);
      assert.deepEqual(times.slice(rung), [20_500]);
      await clock.advance(HOUR);
      assert.equal(times.length, rung + 2);
      assert.equal(times.at(-1), HOUR + 20_500);
    });

    it('is done at most once a second when its time is past', async () => {
      const ran: string[] = [];
      schedule('one').promptly('count', HOUR, duty(ran, 'one', { next: () => clock.now() - 5000 }));
      await clock.advance(10_000);
      assert.equal(ran.length, 20);
    });

    it('is retried after a failure, regardless of the time named before', async () => {
      let tries = 0;
      const work = async (): Promise<number> => {
        if (++tries === 2) throw new Error('not now');
        return clock.now() + 2000;
      };
      const { soon } = schedule('one').promptly('count', MINUTE, { isDue: async () => true, work });
      await clock.advance(4000);
      assert.equal(tries, 2);
      assert.match(logged.join(''), /duty failed.*not now/);
      await clock.advance(50_000);
      assert.equal(tries, 2);
      await clock.advance(10_000);
      assert.ok(tries > 2);
      soon();
      await clock.advance(1000);
      assert.ok(tries > 3);
    });

    it('is taken over from a process that ended in the middle of it', async () => {
      const ran: string[] = [];
      await store.putDocument('duty', 'count', { owner: 'before', ran: clock.now() });
      const log = createLog({ clock, level: 'info', write: line => logged.push(line) });
      let gone = false;
      const made = createSchedule({ store, clock, log, owner: 'after', isGone: async () => gone });
      schedules.push(made);
      made.promptly('count', HOUR, duty(ran, 'after'));
      await clock.advance(10_000);
      assert.deepEqual(ran, []);
      gone = true;
      await clock.advance(2000);
      assert.deepEqual(ran, ['after begins', 'after ends']);
    });
  });

  it('deletes ended tasks and audit entries by age, and keeps open tasks', async () => {
    const id = idOf(identityOf('A'));
    const now = clock.now();
    await store.apply(id, 'announced', { identity: identityOf('A'), now, patch: {} });
    for (const [name, age] of [
      ['old', 31],
      ['young', 29],
    ] as const) {
      await store.apply(id, 'taskAdded', { task: taskOf(name, 'Reboot', now - age * DAY) });
      await store.apply(id, 'taskCancelled', { id: name, now: now - age * DAY });
      const time = now - (age > 30 ? 366 : 364) * DAY;
      await store.appendAudit([{ id: name, time, who: 'admin', what: 'x', target: '', status: 200 }]);
    }
    await store.apply(id, 'taskAdded', { task: taskOf('open', 'Reboot', now - 100 * DAY) });
    startDuties(schedule('one'), { store, clock, files: { sweep: async () => undefined } }, { tasks: 30, audit: 365 });
    await clock.advance(2 * MINUTE);
    const { items: tasks } = await store.tasks({ limit: 10 });
    assert.deepEqual(tasks.map(task => task.id).sort(), ['open', 'young']);
    assert.deepEqual(
      (await store.audit({ limit: 10 })).items.map(entry => entry.id),
      ['young'],
    );
    assert.equal(retentionAt(now, { tasks: 1, audit: 1 }).audit.keep, 1_000_000);
  });
});
