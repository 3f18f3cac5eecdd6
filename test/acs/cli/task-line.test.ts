// The line of a task that a command prints.
import assert from 'node:assert/strict';
import { taskLine } from '../../../acs/cli/calls/task-line.ts';

describe('the line of a task', () => {
  it('has its id and state', () => {
    assert.equal(taskLine({ id: 't1', state: 'queued' }), 'task t1: queued\n');
  });

  it('says which parameters the device has refused, and why', () => {
    const parameters = [
      { name: 'Device.A', code: 9005, message: 'does not exist' },
      { name: 'Device.B', code: 9008 },
    ];
    assert.equal(
      taskLine({ id: 't1', state: 'failed', fault: { code: 9003, message: 'Invalid arguments', parameters } }),
      'task t1: failed (9003 Invalid arguments)\n  Device.A: 9005 does not exist\n  Device.B: 9008\n',
    );
  });

  it('prints no control character of a device', () => {
    const fault = { code: 9002, message: 'a\u001b[31mb\nc' };
    assert.equal(taskLine({ id: 't1', state: 'failed', fault }), 'task t1: failed (9002 a?[31mb?c)\n');
  });
});
