// Positions of devices in jobs, in every store.
import assert from 'node:assert/strict';
import type { JobPosition } from '../../../../acs/store/job-positions.ts';
import { contractSuite } from '../../../support/acs/store-contract.ts';
import { newYear } from '../../../support/devices.ts';

const position = (device: string, more: Partial<JobPosition> = {}): JobPosition => ({
  job: 'j',
  device,
  state: 'planned',
  wave: 1,
  zone: '',
  due: 0,
  version: 1,
  code: '',
  body: { step: 0, attempt: 0, since: newYear },
  ...more,
});
const next = (before: JobPosition, more: Partial<JobPosition>): JobPosition => ({
  ...before,
  version: before.version + 1,
  ...more,
});
const devicesOf = (positions: readonly JobPosition[]): string[] => positions.map(({ device }) => device);

contractSuite('positions in jobs', subject => {
  it('adds a position once, however often it is added', async () => {
    const { store } = subject;
    await store.addJobPositions([position('a'), position('b', { wave: 2 })]);
    await store.addJobPositions([position('a', { wave: 7 }), position('c"%–')]);
    await store.addJobPositions([]);
    const { items } = await store.jobPositions({ job: 'j', limit: 10 });
    assert.deepEqual(items, [position('a'), position('b', { wave: 2 }), position('c"%–')]);
    assert.equal(await store.jobPosition('other', 'a'), undefined);
    assert.deepEqual((await store.jobMembers('j', ['b', 'x', 'a'])).sort(), ['a', 'b']);
    assert.deepEqual(await store.jobMembers('j', []), []);
  });

  it('moves a position only from the version that was read', async () => {
    const { store } = subject;
    const [a, b] = [position('a'), position('b')];
    await store.addJobPositions([a, b]);
    const moved = next(a, { state: 'running', due: newYear + 5, body: { ...a.body, step: 1, task: 't' } });
    assert.deepEqual(await store.moveJobPositions([moved]), [true]);
    const both = [next(a, { state: 'done' }), next(b, { state: 'skipped', code: 'no' }), next(position('c'), {})];
    assert.deepEqual(await store.moveJobPositions(both), [false, true, false]);
    assert.deepEqual(await store.jobPosition('j', 'a'), moved);
    assert.equal((await store.jobPosition('j', 'b'))?.code, 'no');
    assert.equal(await store.jobPosition('j', 'c'), undefined);
    assert.deepEqual(await store.moveJobPositions([]), []);
  });

  it('finds positions by state, wave and code in pages', async () => {
    const { store } = subject;
    const all = Array.from({ length: 12 }, (_, at) =>
      position(`d${String(at).padStart(2, '0')}`, {
        wave: 1 + (at % 3),
        state: at < 6 ? 'planned' : 'failed',
        code: at < 6 ? '' : at % 2 === 0 ? 'even' : 'odd',
      }),
    );
    await store.addJobPositions([...all, position('d00', { job: 'k' })]);
    const first = await store.jobPositions({ job: 'j', state: 'failed', limit: 4 });
    assert.deepEqual(devicesOf(first.items), ['d06', 'd07', 'd08', 'd09']);
    const rest = await store.jobPositions({ job: 'j', state: 'failed', limit: 4, cursor: first.next ?? '' });
    assert.deepEqual([devicesOf(rest.items), rest.next], [['d10', 'd11'], undefined]);
    const some = await store.jobPositions({ job: 'j', wave: 1, code: 'even', limit: 9 });
    assert.deepEqual(devicesOf(some.items), ['d06']);
    const counts = (await store.jobCounts('j')).sort((a, b) => (a.state + a.wave < b.state + b.wave ? -1 : 1));
    assert.deepEqual(
      counts,
      ['failed', 'planned'].flatMap(state => [1, 2, 3].map(wave => ({ state, wave, count: 2 }))),
    );
    assert.deepEqual(await store.jobReasons('j'), [
      { state: 'failed', code: 'even', count: 3, examples: ['d06', 'd08', 'd10'] },
      { state: 'failed', code: 'odd', count: 3, examples: ['d07', 'd09', 'd11'] },
    ]);
  });

  it('gives the positions whose turn it is, the first wave first', async () => {
    const { store } = subject;
    await store.addJobPositions([
      position('a', { wave: 2 }),
      position('b'),
      position('c', { zone: 'Asia/Tokyo' }),
      position('d', { wave: 3 }),
      position('e', { state: 'away' }),
    ]);
    assert.deepEqual(devicesOf(await store.jobTurns({ job: 'j', zone: '', wave: 2, limit: 9 })), ['b', 'a']);
    assert.deepEqual(devicesOf(await store.jobTurns({ job: 'j', zone: 'Asia/Tokyo', wave: 2, limit: 9 })), ['c']);
    assert.deepEqual(devicesOf(await store.jobAway('e')), ['e']);
    assert.deepEqual(await store.jobAway('a'), []);
  });

  it('finds what is due, the longest overdue first, and the next time', async () => {
    const { store } = subject;
    await store.addJobPositions([
      position('a', { due: newYear + 20 }),
      position('b', { due: newYear + 10 }),
      position('c'),
      position('d', { due: newYear + 90 }),
      position('e', { job: 'k', due: newYear + 50 }),
    ]);
    assert.deepEqual(devicesOf(await store.jobDue('j', newYear + 20, 9)), ['b', 'a']);
    assert.equal(await store.nextJobDue(newYear + 20), newYear + 50);
    assert.equal(await store.nextJobDue(newYear + 90), undefined);
  });

  it('deletes the positions of one job alone', async () => {
    const { store } = subject;
    const many = Array.from({ length: 2500 }, (_, at) => position(`d${at}`));
    await store.addJobPositions([...many, position('a', { job: 'k' })]);
    await store.deleteJobPositions('j');
    assert.deepEqual((await store.jobPositions({ job: 'j', limit: 10 })).items, []);
    assert.equal((await store.jobPositions({ job: 'k', limit: 10 })).items.length, 1);
    if (!subject.durable) return;
    await store.close();
    await subject.reopen();
    assert.deepEqual(devicesOf((await subject.store.jobPositions({ job: 'k', limit: 10 })).items), ['a']);
  });
});
