// Versions of documents in every store.
import assert from 'node:assert/strict';
import { MAX_DELETED_NAMES, MAX_VERSIONS } from '../../../acs/store/document-versions.ts';
import { contractSuite, rejectsWith } from '../../support/acs/store-contract.ts';
import { newYear } from '../../support/devices.ts';

const by = (author: string, comment?: string) => (comment === undefined ? { author } : { author, comment });

contractSuite('document versions', subject => {
  it('keeps each version of a preset with its author, time and comment', async () => {
    const { store } = subject;
    const first = await store.putDocument('preset', 'a', { weight: 1 }, 0, undefined, by('ann', 'the first'));
    await store.putDocument('preset', 'b', { weight: 9 });
    await subject.clock.advance(1000);
    const second = await store.putDocument('preset', 'a', { weight: 2 }, first, undefined, by('bob'));
    assert.deepEqual(await store.document('preset', 'a'), {
      ...{ name: 'a', generation: second, changed: newYear + 1000, author: 'bob', body: { weight: 2 } },
    });
    assert.deepEqual(await store.versions('preset', 'a'), [
      { name: 'a', generation: second, changed: newYear + 1000, author: 'bob' },
      { name: 'a', generation: first, changed: newYear, author: 'ann', comment: 'the first' },
    ]);
    assert.deepEqual(await store.version('preset', 'a', first), {
      ...{ name: 'a', generation: first, changed: newYear, author: 'ann', comment: 'the first', body: { weight: 1 } },
    });
    assert.equal(await store.version('preset', 'a', second + 1), undefined);
    assert.equal((await store.versions('preset', 'b')).length, 1);
  });

  it('keeps the versions of a deleted name, and counts its deletion as one', async () => {
    const { store } = subject;
    const made = await store.putDocument('alert', 'a', { above: 1 }, undefined, undefined, by('ann'));
    assert.deepEqual(await store.deletedDocuments('alert'), []);
    assert.equal(await store.deleteDocument('alert', 'a', made, by('bob', 'no use')), true);
    const [gone] = await store.versions('alert', 'a');
    assert.deepEqual(gone, {
      ...{ name: 'a', generation: store.generation('alert'), changed: newYear },
      ...{ author: 'bob', comment: 'no use', deleted: true },
    });
    assert.deepEqual(await store.deletedDocuments('alert'), [gone]);
    assert.equal((await store.version('alert', 'a', gone?.generation ?? 0))?.body, undefined);
    assert.deepEqual((await store.version('alert', 'a', made))?.body, { above: 1 });
    await store.putDocument('alert', 'a', { above: 2 });
    assert.deepEqual(await store.deletedDocuments('alert'), []);
    assert.equal((await store.versions('alert', 'a')).length, 3);
  });

  it('deletes a document only when its generation is the expected one', async () => {
    const { store } = subject;
    const first = await store.putDocument('preset', 'a', {});
    const second = await store.putDocument('preset', 'a', {});
    await rejectsWith(store.deleteDocument('preset', 'a', first), 409, 'changed-meanwhile');
    assert.equal((await store.versions('preset', 'a')).length, 2);
    const race = await Promise.allSettled([
      store.deleteDocument('preset', 'a', second),
      store.putDocument('preset', 'a', { weight: 1 }, second),
    ]);
    assert.equal(race.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await store.versions('preset', 'a')).length, 3);
  });

  it('invents no version for a write that another one was faster than', async () => {
    const { store } = subject;
    const first = await store.putDocument('preset', 'a', { weight: 0 });
    const race = await Promise.allSettled(
      Array.from({ length: 6 }, (_, n) =>
        store.putDocument('preset', 'a', { weight: n }, first, undefined, by(`w${n}`)),
      ),
    );
    assert.equal(race.filter(({ status }) => status === 'fulfilled').length, 1);
    const [newest, ...others] = await store.versions('preset', 'a');
    const stored = await store.document('preset', 'a');
    assert.deepEqual([newest?.generation, newest?.author, others.length], [stored?.generation, stored?.author, 1]);
  });

  it('keeps no versions of other kinds', async () => {
    const { store } = subject;
    await store.putDocument('duty', 'a', {}, undefined, undefined, by('ann'));
    assert.deepEqual(await store.versions('duty' as 'preset', 'a'), []);
  });

  it('keeps the newest versions of a name, and the names deleted last', async function () {
    this.timeout(60_000);
    const { store } = subject;
    for (let n = 0; n < MAX_VERSIONS + 3; n++) await store.putDocument('preset', 'a', { weight: n });
    const kept = await store.versions('preset', 'a');
    assert.equal(kept.length, MAX_VERSIONS);
    assert.deepEqual((await store.version('preset', 'a', kept.at(-1)?.generation ?? 0))?.body, { weight: 3 });
    const large = { script: 'x'.repeat(3_000_000) };
    for (let n = 0; n < 3; n++) await store.putDocument('preset', 'large', large);
    assert.equal((await store.versions('preset', 'large')).length, 2);
    for (let n = 0; n < MAX_DELETED_NAMES + 2; n++) {
      await store.putDocument('enrolRule', `r${n}`, {});
      await store.deleteDocument('enrolRule', `r${n}`);
    }
    const deleted = await store.deletedDocuments('enrolRule');
    assert.deepEqual([deleted.length, deleted[0]?.name, deleted.at(-1)?.name], [MAX_DELETED_NAMES, 'r201', 'r2']);
    assert.deepEqual(await store.versions('enrolRule', 'r1'), []);
  });

  if (subject.durable)
    it('finds versions again after a restart', async () => {
      await subject.store.putDocument('preset', 'a', { weight: 1 }, undefined, undefined, by('ann'));
      await subject.store.deleteDocument('preset', 'a');
      const before = await subject.store.versions('preset', 'a');
      await subject.store.close();
      await subject.reopen();
      assert.deepEqual(await subject.store.versions('preset', 'a'), before);
      assert.equal(before.length, 2);
    });
});
