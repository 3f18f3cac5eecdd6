// Work of steps that runs beside the engine of jobs.
import assert from 'node:assert/strict';
import { Background } from '../../../../acs/fleet/jobs/background.ts';
import { silentLog } from '../../../../shared/log.ts';

const MANY = 25_000;

describe('work of jobs in the background', () => {
  it('keeps a bounded number of outcomes that are never taken', async () => {
    const background = new Background(silentLog, async () => undefined);
    const begun: number[] = [];
    const take = (at: number) =>
      background.take({ job: 'j', device: String(at), body: { step: 0, attempt: 0, since: 0 } }, async () => {
        begun.push(at);
        return { state: 'done' };
      });
    for (let at = 0; at < MANY; at++) take(at);
    await new Promise(setImmediate);
    assert.deepEqual(take(MANY - 1), { state: 'done' });
    assert.equal(take(0), undefined, 'the oldest is forgotten');
    assert.deepEqual([begun.length, begun.at(-1)], [MANY + 1, 0]);
    await background.stop();
  });
});
