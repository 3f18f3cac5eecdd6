// The closing and opening of every store.
import assert from 'node:assert/strict';
import { addTask, announce, contractSuite, inform, known, rejectsWith } from '../../support/acs/store-contract.ts';
import { newYear, taskOf } from '../../support/devices.ts';

contractSuite('closing', subject => {
  it('finishes requests in flight when it closes, and refuses later ones', async () => {
    const work = Array.from({ length: 50 }, (_, n) => announce(subject.store, `A${n}`));
    const closing = subject.store.close();
    await Promise.all([...work, closing]);
    await rejectsWith(announce(subject.store, 'late'), 503, 'store-closed');
    await subject.store.close();
  });

  // A store in memory cannot be opened again.
  if (subject.durable) {
    it('returns all acknowledged changes when it is opened again', async () => {
      const { row } = await inform(subject.store, 'A', newYear, ['1 BOOT']);
      await addTask(subject.store, 'A', taskOf('t', 'Reboot', newYear));
      await subject.store.putParameters(row.id, [known('Device.A', '1')]);
      const generation = await subject.store.putDocument('setting', 's', 1);
      await subject.store.close();
      await subject.reopen();
      assert.equal((await subject.store.device(row.id))?.tasks.length, 1);
      assert.equal((await subject.store.parameters(row.id, '')).length, 1);
      assert.equal(subject.store.generation('setting'), generation);
      assert.equal((await inform(subject.store, 'A', newYear + 5)).token, row.fence + 1);
    });
  }
});
