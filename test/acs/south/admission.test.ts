// Admission with more CPEs than can be served: order, limits, waiting times, and the release of every place.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Admission, type Entry } from '../../../acs/south/admission/admission.ts';
import { RankedQueue } from '../../../acs/south/admission/ranked-queue.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';

const WAIT_MS = 20_000;

interface Bench {
  clock: VirtualClock;
  admission: Admission;
  logged: { level: string; msg: string }[];
  ended: { outcome: string; waitedMs: number }[];
}

function bench(running: number, waiting: number): Bench {
  const clock = new VirtualClock();
  const logged: Bench['logged'] = [];
  const ended: Bench['ended'] = [];
  const log = createLog({ clock, level: 'info', write: line => logged.push(JSON.parse(line)) });
  const random = seededRandom(1);
  const admission = new Admission({ clock, random, log, running, waiting, observe: each => ended.push(each) });
  return { clock, admission, logged, ended };
}

/** An Inform that asks for admission, with its entry once it has one. */
function arrive(
  admission: Admission,
  retryCount = 0,
  isCalled = false,
): { entry: Entry | undefined; leave: () => void } {
  const arrival: { entry: Entry | undefined; leave: () => void } = { entry: undefined, leave: () => undefined };
  void admission
    .enter({ retryCount, isCalled }, left => {
      arrival.leave = left;
      return () => undefined;
    })
    .then(entry => {
      arrival.entry = entry;
    });
  return arrival;
}

type Arrived = ReturnType<typeof arrive>;

const step = fc.oneof(
  fc.record({ do: fc.constant('arrive' as const), retry: fc.nat(12) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.nat(8000) }),
  fc.record({ do: fc.constantFrom('release' as const, 'leave' as const), pick: fc.nat() }),
);

/** Releases one of the running sessions, or lets one of the waiting CPEs leave. */
function act(
  { do: what, pick }: { do: 'release' | 'leave'; pick: number },
  all: Arrived[],
  released: Set<Arrived>,
): void {
  const state = what === 'release' ? 'admitted' : 'waits';
  const among = all.filter(one => outcomeOf(one) === state && !released.has(one));
  const one = among[pick % Math.max(1, among.length)];
  if (what === 'leave') one?.leave();
  else if (one) {
    release(one);
    released.add(one);
  }
}

const outcomeOf = ({ entry }: { entry: Entry | undefined }): string => entry?.outcome ?? 'waits';
function release({ entry }: { entry: Entry | undefined }): void {
  assert.equal(entry?.outcome, 'admitted');
  if (entry?.outcome === 'admitted') entry.release();
}

describe('admission of sessions', () => {
  it('admits sessions up to the limit and gives a free place to the first in the queue', async () => {
    const { clock, admission } = bench(2, 10);
    const arrivals = [0, 0, 0, 0].map(retry => arrive(admission, retry));
    await clock.settle();
    assert.deepEqual(arrivals.map(outcomeOf), ['admitted', 'admitted', 'waits', 'waits']);
    release(arrivals[0]!);
    await clock.settle();
    assert.deepEqual(arrivals.map(outcomeOf), ['admitted', 'admitted', 'admitted', 'waits']);
    assert.deepEqual(admission.state(), { running: 2, waiting: 1, admitted: 3, turnedAway: 0, gaveUp: 0 });
  });

  it('admits by retry count, then in the order of arrival', async () => {
    const { clock, admission } = bench(1, 10);
    const running = arrive(admission);
    const waiting = [0, 2, 1, 2, 0].map(retry => arrive(admission, retry));
    await clock.settle();
    const order: number[] = [];
    let current = running;
    for (let turn = 0; turn < waiting.length; turn++) {
      release(current);
      await clock.settle();
      const next = waiting.findIndex((arrival, index) => outcomeOf(arrival) === 'admitted' && !order.includes(index));
      order.push(next);
      current = waiting[next]!;
    }
    assert.deepEqual(order, [1, 3, 2, 0, 4]);
  });

  it('gives every second free place to a called device, before any retry', async () => {
    const { clock, admission } = bench(1, 10);
    let current = arrive(admission);
    const waiting = [
      ...[0, 10, 3].map(retry => arrive(admission, retry)),
      ...[1, 2, 3].map(() => arrive(admission, 0, true)),
      arrive(admission, 20),
    ];
    await clock.settle();
    const order: number[] = [];
    for (let turn = 0; turn < waiting.length; turn++) {
      release(current);
      await clock.settle();
      const next = waiting.findIndex((arrival, index) => outcomeOf(arrival) === 'admitted' && !order.includes(index));
      order.push(next);
      current = waiting[next]!;
    }
    assert.deepEqual(order, [3, 1, 4, 6, 5, 2, 0]);
  });

  it('displaces the last in a full queue for a called device', async () => {
    const { clock, admission } = bench(1, 2);
    const arrivals = [arrive(admission), arrive(admission, 10), arrive(admission), arrive(admission, 0, true)];
    await clock.settle();
    assert.deepEqual(arrivals.map(outcomeOf), ['admitted', 'waits', 'turned-away', 'waits']);
  });

  it('turns an Inform away when the queue is full', async () => {
    const { clock, admission } = bench(1, 2);
    const arrivals = [0, 0, 0, 0].map(() => arrive(admission));
    await clock.settle();
    assert.deepEqual(arrivals.map(outcomeOf), ['admitted', 'waits', 'waits', 'turned-away']);
  });

  it('displaces the last in a full queue for an Inform with a higher retry count', async () => {
    const { clock, admission } = bench(1, 2);
    const arrivals = [0, 1, 0, 1].map(retry => arrive(admission, retry));
    await clock.settle();
    assert.deepEqual(arrivals.map(outcomeOf), ['admitted', 'waits', 'turned-away', 'waits']);
    const equal = arrive(admission, 1);
    await clock.settle();
    assert.equal(outcomeOf(equal), 'turned-away');
  });

  it('turns an Inform away after 20 s, before the CPE gives up at 30 s', async () => {
    const { clock, admission, ended } = bench(1, 10);
    arrive(admission);
    const waiting = arrive(admission);
    await clock.advance(WAIT_MS - 1);
    assert.equal(outcomeOf(waiting), 'waits');
    await clock.advance(1);
    assert.equal(outcomeOf(waiting), 'turned-away');
    assert.deepEqual(ended, [{ outcome: 'turned-away', waitedMs: WAIT_MS }]);
  });

  it('removes only the CPE that gives up from the queue', async () => {
    const { clock, admission } = bench(1, 10);
    const running = arrive(admission);
    const [first, second] = [arrive(admission), arrive(admission)];
    await clock.settle();
    first.leave();
    await clock.settle();
    assert.equal(outcomeOf(first), 'gave-up');
    assert.equal(admission.state().waiting, 1);
    release(running);
    await clock.settle();
    assert.equal(outcomeOf(second), 'admitted');
  });

  it('frees a place once when it is released twice', async () => {
    const { clock, admission } = bench(1, 10);
    const running = arrive(admission);
    const waiting = [arrive(admission), arrive(admission)];
    await clock.settle();
    release(running);
    release(running);
    await clock.settle();
    assert.deepEqual(waiting.map(outcomeOf), ['admitted', 'waits']);
    assert.equal(admission.state().running, 1);
  });

  it('logs the begin and the end of a storm once each', async () => {
    const { clock, admission, logged } = bench(1, 2);
    let running = arrive(admission);
    for (let turn = 0; turn < 3; turn++) {
      const next = arrive(admission);
      await clock.advance(3000);
      release(running);
      running = next;
      await clock.settle();
    }
    assert.deepEqual(
      logged.map(({ level }) => level),
      ['warn'],
    );
    await clock.advance(60_000);
    assert.deepEqual(
      logged.map(({ level }) => level),
      ['warn', 'info'],
    );
    const { admitted, turnedAway, longestWaitMs } = logged[1] as unknown as Record<string, number>;
    assert.deepEqual({ admitted, turnedAway, longestWaitMs }, { admitted: 3, turnedAway: 0, longestWaitMs: 3000 });
  });

  it('turns all Informs away when the ACS stops', async () => {
    const { clock, admission } = bench(1, 2);
    arrive(admission);
    const waiting = arrive(admission);
    await clock.settle();
    admission.close();
    const late = arrive(admission);
    await clock.settle();
    assert.deepEqual([waiting, late].map(outcomeOf), ['turned-away', 'turned-away']);
  });

  it('spreads Retry-After over 30 to 60 s', () => {
    const { admission } = bench(1, 0);
    const times = new Set(Array.from({ length: 200 }, () => admission.retryAfter()));
    assert.ok(times.size > 10);
    for (const time of times) assert.ok(time >= 30 && time <= 60, String(time));
  });

  it('keeps limits, waiting times and counts under any sequence of events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(3), fc.nat(4), fc.array(step, { maxLength: 60 }), async (more, room, steps) => {
        const limit = more + 1;
        const { clock, admission, ended } = bench(limit, room);
        const arrivals: Arrived[] = [];
        const released = new Set<Arrived>();
        for (const each of steps) {
          if (each.do === 'pass') await clock.advance(each.ms);
          else if (each.do === 'arrive') arrivals.push(arrive(admission, each.retry));
          else act(each, arrivals, released);
          await clock.settle();
          const state = admission.state();
          assert.ok(state.running <= limit && state.waiting <= room);
          assert.equal(state.running, state.admitted - released.size);
          assert.ok(state.waiting === 0 || state.running === limit, 'no Inform waits while a place is free');
        }
        await clock.advance(WAIT_MS);
        assert.ok(ended.every(({ waitedMs }) => waitedMs <= WAIT_MS));
        assert.ok(arrivals.every(one => outcomeOf(one) !== 'waits'));
        const { admitted, turnedAway, gaveUp } = admission.state();
        assert.equal(admitted + turnedAway + gaveUp, arrivals.length);
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);
});

describe('ranked queue', () => {
  it('serves by rank, then arrival, whatever items leave meanwhile', () => {
    const item = fc.record({ rank: fc.integer({ min: -2, max: 15 }), leaves: fc.boolean() });
    fc.assert(
      fc.property(fc.array(item), items => {
        const queue = new RankedQueue<number>(11);
        const rankOf = (at: number): number => Math.max(0, Math.min(10, items[at]!.rank));
        const leaves = items.map(({ rank }, at) => queue.add(rank, at));
        for (const [at, { leaves: goes }] of items.entries()) if (goes) assert.ok(leaves[at]!());
        const expected = items
          .flatMap(({ leaves: goes }, at) => (goes ? [] : [at]))
          .sort((a, b) => rankOf(b) - rankOf(a) || a - b);
        assert.equal(queue.size, expected.length);
        const served: number[] = [];
        for (let next = queue.next(); next !== undefined; next = queue.next()) served.push(next);
        assert.deepEqual(served, expected);
        for (const leave of leaves) assert.equal(leave(), false);
      }),
    );
  });

  it('displaces the last item of the lowest rank for a higher rank only', () => {
    const queue = new RankedQueue<string>(11);
    for (const [rank, name] of [
      [1, 'a'],
      [0, 'b'],
      [0, 'c'],
      [2, 'd'],
    ] as const)
      queue.add(rank, name);
    assert.equal(queue.displace(0), undefined);
    assert.deepEqual([queue.displace(1), queue.displace(1), queue.displace(1)], ['c', 'b', undefined]);
    assert.equal(queue.displace(5), 'a');
  });
});
