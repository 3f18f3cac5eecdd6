// Operations on the tasks of a device, and the evidence that ends them.
import assert from 'node:assert/strict';
import type { DeviceOperations } from '../../../acs/device/operation-types.ts';
import type { Task } from '../../../acs/device/task.ts';
import { inform, inSession, type OperatedDevice, session, userError } from '../../support/acs/operated-device.ts';
import { newYear, taskOf } from '../../support/devices.ts';

describe('Device operations on tasks', () => {
  describe('tasks', () => {
    it('bounds open tasks, and refuses the CommandKey of an open one', () => {
      const { unit } = inSession();
      const download = (n: number, key: string): Task =>
        taskOf(`t${n}`, 'Download', newYear + n, { args: { CommandKey: key } });
      unit.do('taskAdded', { task: download(0, 'k0') });
      assert.throws(() => unit.do('taskAdded', { task: download(1, 'k0') }), userError('command-key-open', 409));
      assert.throws(() => unit.do('taskAdded', { task: download(0, 'k9') }), userError('task-exists', 409));
      for (let n = 1; n < 100; n++) unit.do('taskAdded', { task: download(n, '') });
      assert.throws(() => unit.do('taskAdded', { task: download(100, 'k') }), userError('too-many-tasks', 429));
      const large = taskOf('large', 'Reboot', newYear, { args: { CommandKey: 'x'.repeat(300_000) } });
      unit.do('taskCancelled', { id: 't5', now: newYear });
      assert.throws(() => unit.do('taskAdded', { task: large }), userError('task-too-large', 413));
    });

    it('moves a task from queued to done, and removes it from the row at its end', () => {
      const { unit, claim } = inSession();
      const { token } = claim;
      unit.do('taskAdded', { task: taskOf('t', 'Reboot', newYear) });
      const sent = unit.do('taskSent', { token, id: 't', now: newYear + 1 });
      assert.equal(typeof sent === 'object' && sent.state, 'sent');
      assert.deepEqual(unit.do('taskSent', { token, id: 't', now: newYear + 2 }), sent, 'the same message twice');
      assert.equal(unit.do('taskCancelled', { id: 't', now: newYear }), 'sent');
      unit.do('taskSettled', { token, id: 't', outcome: { state: 'waiting' }, now: newYear + 3 });
      assert.equal(unit.row?.tasks[0]?.state, 'waiting');
      const done = unit.do('taskSettled', { id: 't', outcome: { state: 'done', result: { a: 1 } }, now: newYear + 4 });
      assert.ok(typeof done === 'object');
      assert.deepEqual(unit.ended, [done.task]);
      assert.equal(done.task.ended, newYear + 4);
      assert.equal(done.row, unit.row);
      assert.deepEqual(unit.row?.tasks, []);
      assert.equal(unit.do('taskSettled', { id: 't', outcome: { state: 'failed' }, now: newYear }), 'gone');
      assert.equal(unit.do('taskSent', { token, id: 't', now: newYear }), 'gone');
      assert.equal(unit.do('taskCancelled', { id: 't', now: newYear }), 'gone');
    });

    it('never sends a task again in a later session', () => {
      const { unit, claim } = inSession();
      unit.do('taskAdded', { task: taskOf('t', 'Reboot', newYear) });
      unit.do('taskSent', { token: claim.token, id: 't', now: newYear });
      const { token } = inform(unit, newYear + 1, '2 PERIODIC');
      assert.equal(unit.do('taskSent', { token, id: 't', now: newYear + 1 }), 'gone');
      unit.do('taskSettled', { token, id: 't', outcome: { state: 'queued' }, now: newYear + 1 });
      assert.notEqual(unit.do('taskSent', { token, id: 't', now: newYear + 2 }), 'gone', 'unless it was put back');
    });

    it('fails a queued task after its expiry', () => {
      const { unit } = inSession();
      unit.do('taskAdded', { task: taskOf('t', 'Reboot', newYear, { expires: newYear + 10 }) });
      unit.do('taskAdded', { task: taskOf('u', 'Reboot', newYear + 11) });
      assert.deepEqual(
        unit.ended.map(task => [task.id, task.state, task.fault?.code]),
        [['t', 'failed', 'expired']],
      );
    });

    it('records the file of a Download that ended well', () => {
      const { unit, claim } = inSession();
      const file = { file: 'fw.bin', fileHash: 'abc' };
      unit.do('taskAdded', { task: taskOf('t', 'Download', newYear, { ...file, args: { CommandKey: 'k' } }) });
      unit.do('taskSent', { token: claim.token, id: 't', now: newYear });
      unit.do('taskSettled', { token: claim.token, id: 't', outcome: { state: 'done' }, now: newYear });
      assert.deepEqual(unit.row?.applied, { 'fw.bin': 'abc' });
      inform(unit, newYear + 1, '0 BOOTSTRAP', '1 BOOT');
      assert.deepEqual(unit.row?.applied, {});
    });
  });

  describe('evidence (TR-069 3.7.1.5)', () => {
    const rebooting = (key: string, answered = true): OperatedDevice => {
      const { unit, claim } = inSession();
      const { token } = claim;
      unit.do('taskAdded', { task: taskOf('r', 'Reboot', newYear, { args: { CommandKey: key } }) });
      unit.do('taskSent', { token, id: 'r', now: newYear });
      if (answered) unit.do('taskSettled', { token, id: 'r', outcome: { state: 'waiting' }, now: newYear });
      unit.do('released', { token, complete: true, now: newYear });
      return unit;
    };
    const states = (unit: OperatedDevice): unknown => unit.ended.map(task => [task.id, task.state, task.fault?.code]);

    it('ends the oldest sent Reboot at M Reboot with its CommandKey', () => {
      const unit = rebooting('k', false);
      const { settled } = inform(unit, newYear + 60_000, '1 BOOT', 'M Reboot:k');
      assert.deepEqual(states(unit), [['r', 'done', undefined]]);
      assert.deepEqual(settled, unit.ended);
    });

    it('leaves a Reboot waiting at M Reboot with another CommandKey', () => {
      const unit = rebooting('k');
      inform(unit, newYear + 60_000, '1 BOOT', 'M Reboot:other');
      assert.deepEqual(states(unit), []);
    });

    it('ends an answered Reboot at 1 BOOT without M Reboot', () => {
      const unit = rebooting('k');
      inform(unit, newYear + 60_000, '1 BOOT');
      assert.deepEqual(states(unit), [['r', 'done', undefined]]);
    });

    it('makes the outcome of an unanswered RPC unknown at 1 BOOT', () => {
      const unit = rebooting('k', false);
      inform(unit, newYear + 60_000, '1 BOOT');
      assert.deepEqual(states(unit), [['r', 'failed', 'outcome-unknown']]);
      assert.match(unit.ended[0]?.fault?.message ?? '', /outcome unknown/);
    });

    it('makes an outcome unknown after three whole sessions without evidence', () => {
      const unit = rebooting('k', false);
      session(unit, newYear + 1000, '2 PERIODIC');
      const { token } = inform(unit, newYear + 2000, '2 PERIODIC');
      unit.do('released', { token, complete: false, now: newYear + 2000 });
      session(unit, newYear + 3000, '2 PERIODIC');
      assert.deepEqual(states(unit), []);
      session(unit, newYear + 4000, '2 PERIODIC');
      assert.deepEqual(states(unit), [['r', 'failed', 'outcome-unknown']]);
    });

    it('ends a FactoryReset at 0 BOOTSTRAP', () => {
      const { unit, claim } = inSession();
      unit.do('taskAdded', { task: taskOf('f', 'FactoryReset', newYear) });
      unit.do('taskSent', { token: claim.token, id: 'f', now: newYear });
      inform(unit, newYear + 1, '0 BOOTSTRAP', '1 BOOT');
      assert.deepEqual(states(unit), [['f', 'done', undefined]]);
    });

    const downloading = (more: Partial<Task> = {}, answered = true): OperatedDevice => {
      const { unit, claim } = inSession();
      const { token } = claim;
      unit.do('taskAdded', { task: taskOf('d', 'Download', newYear, { args: { CommandKey: 'k' }, ...more }) });
      unit.do('taskSent', { token, id: 'd', now: newYear });
      if (answered) unit.do('taskSettled', { token, id: 'd', outcome: { state: 'waiting' }, now: newYear });
      unit.do('released', { token, complete: true, now: newYear });
      return unit;
    };
    const completed = (code: number): DeviceOperations['transferCompleted']['args'] => ({
      commandKey: 'k',
      fault: { code, message: code ? 'broken' : '' },
      startTime: 's',
      completeTime: 'c',
      now: newYear + 9,
    });

    it('leaves an accepted Download waiting for TransferComplete over silent sessions', () => {
      const unit = downloading({ file: 'f', fileHash: 'h' });
      for (let n = 1; n < 6; n++) session(unit, newYear + n * 1000, n === 3 ? '1 BOOT' : '2 PERIODIC');
      assert.deepEqual(states(unit), []);
      const task = unit.do('transferCompleted', completed(0));
      assert.equal(task?.state, 'done');
      assert.deepEqual(task?.result, { StartTime: 's', CompleteTime: 'c' });
      assert.deepEqual(unit.row?.applied, { f: 'h' });
      assert.equal(unit.do('transferCompleted', completed(0)), undefined, 'a repeated one settles nothing more');
    });

    it('fails a Download at a TransferComplete with a fault', () => {
      const unit = downloading({ file: 'f', fileHash: 'h' });
      const task = unit.do('transferCompleted', completed(9010));
      assert.deepEqual([task?.state, task?.fault], ['failed', { code: 9010, message: 'broken' }]);
      assert.deepEqual(unit.row?.applied, {});
    });

    it('keeps an unanswered Download at a boot whose Inform announces its end', () => {
      const unit = downloading({}, false);
      inform(unit, newYear + 5, '1 BOOT', '7 TRANSFER COMPLETE', 'M Download:k');
      assert.deepEqual(states(unit), []);
      assert.equal(unit.do('transferCompleted', completed(0))?.state, 'done');
    });

    it('makes the outcome of an accepted Download unknown at 0 BOOTSTRAP without its announcement', () => {
      const unit = downloading();
      inform(unit, newYear + 5, '0 BOOTSTRAP', '1 BOOT', '7 TRANSFER COMPLETE', 'M Download:k');
      assert.deepEqual(states(unit), []);
      inform(unit, newYear + 6, '0 BOOTSTRAP', '1 BOOT');
      assert.deepEqual(states(unit), [['d', 'failed', 'outcome-unknown']]);
    });

    it('ends an accepted Download at its expiry, if it has one', () => {
      const unit = downloading({ expires: newYear + 1000 });
      inform(unit, newYear + 1001, '2 PERIODIC');
      assert.deepEqual(states(unit), [['d', 'failed', 'expired']]);
    });
  });
});
