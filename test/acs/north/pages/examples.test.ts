// Each example of the API description, sent to a server: it is carried out, and the answer is as described (support/acs/api.ts).
import assert from 'node:assert/strict';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { answerOf } from '../../../../acs/north/examples/examples.ts';
import { operations } from '../../../../acs/north/operations.ts';
import { ExampleRun, inOrder } from '../../../support/acs/examples/example-run.ts';

/** Operations whose example cannot be carried out on a server without devices and browsers, and why. */
const notHere: Readonly<Record<string, string>> = {
  createFirstUser: 'there are users',
  createSessionByLink: 'there is no such link',
  patchSession: 'the caller has a token',
  deleteSession: 'the caller has a token',
  endProviderSignIn: 'no browser comes back from a provider',
  approveDevice: 'the device is enrolled',
  confirmMove: 'the device does not move',
  resumeJob: 'the job has ended',
  pauseJob: 'the job has ended',
  abortJob: 'the job has ended',
  retryJob: 'nothing of the job has failed',
  excludeFromJob: 'the job has ended',
  approveJob: 'the job needs no approval',
  excludeFromRollout: 'the rollout has no planned device',
  approveRollout: 'the rollout needs no approval',
  getDeviceSession: 'the device was in no session',
  getDeviceSessionMessage: 'the device was in no session',
  retryRollout: 'nothing of the rollout has failed',
  rollbackRollout: 'no device has what the rollout gave',
  deleteRollout: 'its devices are awaited',
  deleteFault: 'the fault has ended by the retry',
};

describe('examples of the API description', () => {
  let run: ExampleRun;
  before(async () => {
    run = await ExampleRun.begin();
  });
  after(async () => await run.end());

  for (const operation of inOrder()) {
    it(`of ${operation.name} is carried out`, async () => {
      const answer = await run.send(operation);
      const isDone = answer.status < 400 || operation.name in notHere;
      assert.ok(isDone, `${operation.method} ${operation.path}: ${answer.status} ${answer.text}`);
    });
  }

  it('have answers of the declared shape (npm run generate)', () => {
    let shown = 0;
    for (const { name, answers } of operations) {
      const answer = answerOf(name);
      const shape = answer && answers[answer.status];
      if (!answer || shape === undefined || typeof shape === 'string') continue;
      const check = Compile(shape as TSchema);
      assert.deepEqual(check.Check(answer.body) ? [] : check.Errors(answer.body), [], name);
      shown++;
    }
    assert.ok(shown > operations.length / 2, `${shown} answers`);
  });
});
