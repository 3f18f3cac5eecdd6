// Tasks and faults in every store.
import assert from 'node:assert/strict';
import { MAX_PAGE_CHARACTERS } from '../../../acs/store/task-page.ts';
import {
  addTask,
  announce,
  contractSuite,
  deviceId,
  inform,
  known,
  rejectsWith,
} from '../../support/acs/store-contract.ts';
import { newYear, taskOf } from '../../support/devices.ts';

contractSuite('tasks and faults', subject => {
  it('finds a task by id while it is open and after it ended', async () => {
    const { token } = await inform(subject.store, 'A', newYear);
    const added = await addTask(subject.store, 'A', taskOf('t1', 'Reboot', newYear));
    assert.deepEqual(await subject.store.task('t1'), added);
    await subject.store.apply(deviceId('A'), 'taskSent', { token, id: 't1', now: newYear });
    assert.equal((await subject.store.task('t1'))?.state, 'sent');
    const outcome = { state: 'done', result: { x: 1 } } as const;
    await subject.store.apply(deviceId('A'), 'taskSettled', { token, id: 't1', outcome, now: newYear + 9 });
    const ended = await subject.store.task('t1');
    assert.deepEqual([ended?.state, ended?.result, ended?.ended], ['done', { x: 1 }, newYear + 9]);
    assert.deepEqual((await subject.store.device(deviceId('A')))?.tasks, []);
    assert.equal(await subject.store.task('t2'), undefined);
  });

  it('stores a long answer as values, and gives back its task with the whole result', async () => {
    const { token } = await inform(subject.store, 'A', newYear);
    await addTask(subject.store, 'A', taskOf('t1', 'GetParameterValues', newYear));
    const values = Array.from({ length: 47 }, (_, at) => known(`Device.P.${at}`, `value ${at}`));
    const ParameterList = values.map(({ path, value, type }) => ({ Name: path, Value: value, Type: type }));
    const settled = await subject.store.apply(deviceId('A'), 'taskSettled', {
      ...{ token, id: 't1', outcome: { state: 'done', result: { ParameterList } }, now: newYear + 9, known: values },
    });
    assert.ok(typeof settled === 'object');
    assert.deepEqual(settled.task.result, { ParameterList });
    assert.deepEqual(settled.task, await subject.store.task('t1'));
    const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
    assert.deepEqual([...(await subject.store.parameters(deviceId('A'), 'Device.'))].sort(byPath), values.sort(byPath));
  });

  it('stores the values of a response in the tree, also when its task is gone', async () => {
    const { token } = await inform(subject.store, 'A', newYear);
    await addTask(subject.store, 'A', taskOf('t1', 'SetParameterValues', newYear));
    const settle = (value: string) =>
      subject.store.apply(deviceId('A'), 'taskSettled', {
        ...{ token, id: 't1', outcome: { state: 'done' }, now: newYear + 9 },
        known: [known('Device.A', value)],
      });
    const value = async () => (await subject.store.parameters(deviceId('A'), 'Device.A')).map(found => found.value);
    await rejectsWith(settle('a\0b'), 400, 'nul-in-text');
    assert.deepEqual([(await subject.store.task('t1'))?.state, await value()], ['queued', []], 'neither or both');
    const settled = await settle('1');
    assert.ok(typeof settled === 'object');
    assert.deepEqual(
      [settled.task, settled.row],
      [await subject.store.task('t1'), await subject.store.device(deviceId('A'))],
    );
    assert.deepEqual(await value(), ['1']);
    assert.equal(await settle('2'), 'gone');
    assert.deepEqual(await value(), ['2']);
  });

  it('lists open and ended tasks of one device and of all, the newest first', async () => {
    for (const serial of ['A', 'B']) await announce(subject.store, serial);
    for (let n = 0; n < 10; n++)
      await addTask(subject.store, n % 2 ? 'A' : 'B', taskOf(`t${n}`, 'Reboot', newYear + n));
    await subject.store.apply(deviceId('A'), 'taskCancelled', { id: 't7', now: newYear + 100 });
    await subject.store.apply(deviceId('B'), 'taskCancelled', { id: 't2', now: newYear + 100 });
    const ids = async (query: { device?: string; limit: number }): Promise<string> =>
      (await subject.store.tasks(query)).items.map(task => task.id).join(' ');
    assert.equal(await ids({ limit: 100 }), 't9 t8 t7 t6 t5 t4 t3 t2 t1 t0');
    assert.equal(await ids({ limit: 3 }), 't9 t8 t7');
    assert.equal(await ids({ device: deviceId('A'), limit: 4 }), 't9 t7 t5 t3');
  });

  it('B3: lists tasks in pages, open and ended ones in one order, and ends a page that is large', async () => {
    const { store } = subject;
    for (const serial of ['A', 'B', 'C']) await announce(store, serial);
    // Several of one time, and devices whose newest task is on an earlier page than their others.
    for (let n = 0; n < 12; n++)
      await addTask(store, ['A', 'B', 'C'][n % 3]!, taskOf(`t${n + 10}`, 'Reboot', newYear + Math.floor(n / 2)));
    for (const n of [11, 14, 15, 20])
      await store.apply(deviceId(['A', 'B', 'C'][(n - 10) % 3]!), 'taskCancelled', { id: `t${n}`, now: newYear + 99 });
    const walk = async (query: { device?: string; limit: number }): Promise<string[]> => {
      const pages: string[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const page = await store.tasks({ ...query, ...(cursor ? { cursor } : {}) });
        pages.push(page.items.map(task => task.id.slice(1)).join(' '));
        cursor = page.next;
      }
      return pages;
    };
    assert.deepEqual(await walk({ limit: 5 }), ['21 20 19 18 17', '16 15 14 13 12', '11 10']);
    assert.deepEqual(await walk({ limit: 6 }), ['21 20 19 18 17 16', '15 14 13 12 11 10'], 'no empty page at the end');
    assert.deepEqual(await walk({ device: deviceId('A'), limit: 3 }), ['19 16 13', '10']);
    await rejectsWith(store.tasks({ limit: 5, cursor: 'x' }), 400, 'bad-cursor');

    const { token } = await inform(store, 'L', newYear);
    const result = { text: 'x'.repeat(MAX_PAGE_CHARACTERS / 2) };
    for (let n = 0; n < 5; n++) {
      await addTask(store, 'L', taskOf(`l${n}`, 'GetParameterValues', newYear + n));
      const outcome = { state: 'done' as const, result };
      await store.apply(deviceId('L'), 'taskSettled', { token, id: `l${n}`, outcome, now: newYear });
    }
    assert.deepEqual(await walk({ device: deviceId('L'), limit: 100 }), ['4 3', '2 1', '0']);
  });

  it('prunes ended tasks by age and by number, and no open ones', async () => {
    await announce(subject.store, 'A');
    for (const n of [1, 2, 3, 4]) {
      await addTask(subject.store, 'A', taskOf(`t${n}`, 'Reboot', newYear));
      if (n < 4) await subject.store.apply(deviceId('A'), 'taskCancelled', { id: `t${n}`, now: newYear + n });
    }
    const left = async (before: number, keep: number): Promise<string[]> => {
      await subject.store.prune({ endedTasks: { before, keep }, audit: { before: 0, keep: 100 } });
      return (await subject.store.tasks({ limit: 9 })).items.map(task => task.id).sort();
    };
    assert.deepEqual(await left(0, 100), ['t1', 't2', 't3', 't4']);
    assert.deepEqual(await left(newYear + 2, 100), ['t2', 't3', 't4']);
    assert.deepEqual(await left(0, 1), ['t3', 't4']);
  });

  it('finds a fault by its id', async () => {
    const { store } = subject;
    await announce(store, 'A');
    await announce(store, 'B');
    const raise = (serial: string, cause: string) =>
      store.apply(deviceId(serial), 'faultRaised', { cause, code: 9007, message: 'no', retryAt: 0, now: newYear });
    const [first, second] = [await raise('A', 'preset:a'), await raise('B', 'preset:a')];
    await raise('B', 'preset:b');
    assert.deepEqual(await store.fault(second.id), second);
    await store.apply(first.device, 'faultCleared', { id: first.id });
    for (const id of [first.id, '0000', '.*', "x' OR 1"]) assert.equal(await store.fault(id), undefined, id);
  });

  it('lists the faults of all devices, the latest first', async () => {
    for (const serial of ['A', 'B']) await announce(subject.store, serial);
    const raise = (serial: string, cause: string, now: number) =>
      subject.store.apply(deviceId(serial), 'faultRaised', { cause, code: 9001, message: 'm', retryAt: now, now });
    await raise('A', 'one', 1);
    await raise('B', 'one', 2);
    const third = await raise('A', 'two', 3);
    const again = await raise('A', 'one', 4);
    const list = (await subject.store.faults({ limit: 2, now: 0 })).items;
    assert.deepEqual(list, [again, third]);
    await subject.store.apply(deviceId('A'), 'faultCleared', { id: again.id });
    assert.deepEqual(
      (await subject.store.faults({ limit: 9, now: 0 })).items.map(fault => [fault.device, fault.cause]),
      [
        [deviceId('A'), 'two'],
        [deviceId('B'), 'one'],
      ],
    );
  });
});
