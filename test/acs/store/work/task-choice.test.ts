// Tasks in every store, chosen by what they and their devices are.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Task } from '../../../../acs/device/task.ts';
import { parseFilter } from '../../../../acs/query/parser.ts';
import type { TaskChoice, TaskQuery } from '../../../../acs/store/store.ts';
import {
  addTask,
  announce,
  contractSuite,
  deviceId,
  inform,
  rejectsWith,
} from '../../../support/acs/store-contract.ts';
import { newYear, taskOf } from '../../../support/devices.ts';

const methods = ['Reboot', 'GetRPCMethods', 'AddObject'] as const;

const timeArb = fc.integer({ min: 0, max: 8 }).map(n => newYear + n * 1000);
const choiceArb: fc.Arbitrary<TaskChoice> = fc.record(
  {
    device: fc.constantFrom('A', 'B', 'none').map(deviceId),
    states: fc.uniqueArray(fc.constantFrom<Task['state']>('queued', 'sent', 'done', 'cancelled'), { minLength: 1 }),
    method: fc.constantFrom(...methods),
    from: timeArb,
    to: timeArb,
    within: fc.constantFrom('t0', 't1').map(tag => ({ filter: parseFilter(`tag = "${tag}"`), now: newYear })),
  },
  { requiredKeys: [] },
);
const orderArb = fc.record({ isOldestFirst: fc.boolean(), limit: fc.integer({ min: 1, max: 9 }) });

/** The sense of a choice, told apart from the stores' own. */
function fits(task: Task, { device = task.device, states, method, from, to, within }: TaskChoice): boolean {
  const tagged = JSON.stringify(within ?? '').includes('t1') ? ['B'] : within ? ['A', 'C'] : ['A', 'B', 'C'];
  const isKind = (states ?? [task.state]).includes(task.state) && (method ?? task.method) === task.method;
  const isThen = task.created >= (from ?? 0) && task.created <= (to ?? Number.POSITIVE_INFINITY);
  return task.device === device && isKind && isThen && tagged.map(deviceId).includes(task.device);
}

contractSuite('choices of tasks', subject => {
  /** Tasks of some devices, some of one time, of which some have ended and some were sent. */
  async function populate(): Promise<Task[]> {
    const { store } = subject;
    for (const [at, serial] of ['A', 'B', 'C'].entries()) await announce(store, serial, { tags: [`t${at % 2}`] });
    const { token } = await inform(store, 'A', newYear);
    for (let n = 0; n < 24; n++) {
      const serial = ['A', 'B', 'C'][n % 3]!;
      await addTask(
        store,
        serial,
        taskOf(`t${n + 10}`, methods[n % 4] ?? 'Reboot', newYear + Math.floor(n / 3) * 1000),
      );
      if (n % 5 === 0)
        await store.apply(deviceId(serial), 'taskCancelled', { id: `t${n + 10}`, now: newYear + 99_000 });
      if (n % 3 === 0 && n % 2 === 1) {
        await store.apply(deviceId('A'), 'taskSent', { token, id: `t${n + 10}`, now: newYear });
        const outcome = { state: 'done' as const, result: { text: 'x' } };
        if (n % 4 === 1)
          await store.apply(deviceId('A'), 'taskSettled', { token, id: `t${n + 10}`, outcome, now: newYear });
      }
    }
    return (await store.tasks({ limit: 100 })).items;
  }

  async function walk(query: TaskQuery): Promise<Task[]> {
    const found: Task[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page = await subject.store.tasks({ ...query, ...(cursor ? { cursor } : {}) });
      found.push(...page.items);
      cursor = page.next;
    }
    return found;
  }

  it('lists and counts the tasks that fit a choice, in both orders', async function () {
    this.timeout(60_000);
    const all = await populate();
    assert.deepEqual(new Set(all.map(({ state }) => state)), new Set(['queued', 'sent', 'done', 'cancelled']));
    const check = fc.asyncProperty(choiceArb, orderArb, async (choice, { isOldestFirst, limit }) => {
      const wanted = all.filter(task => fits(task, choice));
      const found = await walk({ ...choice, limit, isOldestFirst });
      assert.deepEqual(found, isOldestFirst ? [...wanted].reverse() : wanted);
      assert.equal(await subject.store.countTasks(choice), wanted.length);
    });
    await fc.assert(check, { seed: 3, numRuns: 150, endOnFailure: true });
  });

  it('leaves the results out where they are not asked for', async () => {
    const all = await populate();
    assert.ok(all.some(({ result }) => result));
    const lean = await walk({ limit: 7, isLean: true });
    assert.deepEqual(
      lean,
      all.map(({ result: _result, ...task }) => task),
    );
    const { next = '' } = await subject.store.tasks({ limit: 1 });
    await rejectsWith(subject.store.tasks({ limit: 1, cursor: next, isOldestFirst: true }), 400, 'bad-cursor');
  });
});
