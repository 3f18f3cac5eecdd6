// Documents and the audit in every store.
import assert from 'node:assert/strict';
import type { AuditEntry } from '../../../acs/store/records.ts';
import { contractSuite, rejectsWith } from '../../support/acs/store-contract.ts';
import { newYear } from '../../support/devices.ts';

contractSuite('documents and audit', subject => {
  describe('documents', () => {
    it('raises the generation of a kind with every change', async () => {
      assert.equal(subject.store.generation('preset'), 0);
      const first = await subject.store.putDocument('preset', 'a', { set: { x: '1' } });
      const second = await subject.store.putDocument('preset', 'b', [1]);
      assert.ok(second > first && first > 0);
      assert.equal(subject.store.generation('preset'), second);
      assert.equal(subject.store.generation('rollout'), 0);
      assert.deepEqual(await subject.store.document('preset', 'a'), {
        name: 'a',
        generation: first,
        changed: newYear,
        body: { set: { x: '1' } },
      });
      assert.equal(await subject.store.deleteDocument('preset', 'a'), true);
      assert.ok(subject.store.generation('preset') > second);
      const { length } = await subject.store.documents('preset');
      assert.equal(length, 1);
      assert.equal(await subject.store.deleteDocument('preset', 'a'), false);
      assert.equal(await subject.store.document('preset', 'a'), undefined);
      await rejectsWith(subject.store.putDocument('preset', 'c', { 'deep\0': 1 }), 400, 'nul-in-text');
      await subject.store.putDocument('preset', 'c', 'a backslash and u0000: \\u0000');
    });

    it('replaces a document only when its generation is the expected one', async () => {
      const first = await subject.store.putDocument('duty', 'a', { owner: 'one' }, 0);
      await rejectsWith(subject.store.putDocument('duty', 'a', { owner: 'two' }, 0), 409, 'changed-meanwhile');
      const second = await subject.store.putDocument('duty', 'a', { owner: 'two' }, first);
      await rejectsWith(subject.store.putDocument('duty', 'a', { owner: 'three' }, first), 409, 'changed-meanwhile');
      const stored = await subject.store.document<{ owner: string }>('duty', 'a');
      assert.deepEqual([stored?.body.owner, stored?.generation], ['two', second]);
      const race = await Promise.allSettled(
        Array.from({ length: 8 }, (_, n) => subject.store.putDocument('duty', 'a', { owner: `racer${n}` }, second)),
      );
      assert.equal(race.filter(result => result.status === 'fulfilled').length, 1);
    });
  });

  describe('audit', () => {
    const entry = (n: number): AuditEntry => ({
      id: `a${n}`,
      time: newYear + n,
      who: 'admin',
      what: 'putPreset',
      target: `p${n}`,
      status: 204,
    });
    it('pages through the audit, the newest first, and prunes it by age and number', async () => {
      for (let n = 0; n < 5; n++) await subject.store.appendAudit([entry(n)]);
      const first = await subject.store.audit({ limit: 3 });
      assert.deepEqual(first.items, [entry(4), entry(3), entry(2)]);
      assert.ok(first.next);
      assert.deepEqual(await subject.store.audit({ limit: 3, cursor: first.next }), { items: [entry(1), entry(0)] });
      await rejectsWith(subject.store.audit({ limit: 3, cursor: 'zzz' }), 400, 'bad-cursor');
      await subject.store.prune({ endedTasks: { before: 0, keep: 9 }, audit: { before: newYear + 1, keep: 3 } });
      assert.deepEqual((await subject.store.audit({ limit: 9 })).items, [entry(4), entry(3), entry(2)]);
    });

    it('appends chained entries above the last place alone, whoever is faster', async () => {
      const chained = (n: number, seq: number): AuditEntry => ({ ...entry(n), seq, prev: '', hash: `h${n}` });
      await subject.store.appendAudit([entry(0)]);
      assert.equal(await subject.store.auditHead(), undefined);
      await subject.store.appendAudit([chained(1, 1), chained(2, 2)]);
      assert.deepEqual(await subject.store.auditHead(), { seq: 2, hash: 'h2' });
      await rejectsWith(subject.store.appendAudit([chained(3, 2)]), 409, 'changed-meanwhile');
      const race = await Promise.allSettled(
        Array.from({ length: 6 }, (_, n) => subject.store.appendAudit([chained(10 + n, 3)])),
      );
      assert.equal(race.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.equal((await subject.store.audit({ limit: 9 })).items.length, 4);
    });
  });
});
