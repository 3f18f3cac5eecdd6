// Answers for many callers: how long each is kept.
import assert from 'node:assert/strict';
import { SharedAnswers } from '../../../../acs/fleet/monitoring/shared-answers.ts';
import { VirtualClock } from '../../../../shared/clock.ts';

describe('an answer for many callers', () => {
  /** Milliseconds for which an answer is kept that took so many to work out. */
  async function keptAfter(took: number): Promise<number> {
    const clock = new VirtualClock(0);
    const answers = new SharedAnswers<number>(clock, 1000, { restMs: 5000 });
    let made = 0;
    const get = async (): Promise<number> =>
      await answers.get('all', async () => {
        await clock.advance(took);
        return ++made;
      });
    await get();
    for (let kept = 0; ; kept += 100) {
      if ((await get()) > 1) return kept;
      await clock.advance(100);
    }
  }

  it('is kept for a second, and longer where it costs something, up to its rest', async () => {
    assert.equal(await keptAfter(2), 1000);
    assert.equal(await keptAfter(30), 3000);
    assert.equal(await keptAfter(80), 5000);
  });

  it('is kept beyond its rest where it would take too much of the time', async () => {
    assert.equal(await keptAfter(1000), 20_000);
  });
});
