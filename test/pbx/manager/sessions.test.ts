// Sessions of the manager end by time.
import assert from 'node:assert/strict';
import { Sessions } from '../../../pbx/manager/sessions.ts';
import { systemRandom, VirtualClock } from '../../../shared/clock.ts';

describe('sessions of the manager', () => {
  it('end half an hour after their last use, and twelve hours after the login', async () => {
    const clock = new VirtualClock();
    const sessions = new Sessions({ clock, random: systemRandom() });
    const minutes = (count: number): Promise<void> => clock.advance(count * 60_000);
    const idle = sessions.open();
    await minutes(31);
    assert.equal(sessions.use(idle), undefined);
    const busy = sessions.open();
    for (let half = 0; half < 24 * 2; half++) {
      await minutes(15);
      assert.ok(sessions.use(busy));
    }
    await minutes(1);
    assert.equal(sessions.use(busy), undefined);
  });
});
