// Waits after refusals.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Backoff, retryAt } from '../../../../acs/fleet/common/backoff.ts';
import { seededRandom, VirtualClock } from '../../../../shared/clock.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const backoff: Backoff = { firstMs: 5 * MINUTE, lastMs: DAY };

describe('the wait after a refusal', () => {
  const clock = new VirtualClock();
  const waits = (count: number, devices = 200, seed = 1): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: devices }, () => retryAt({ clock, random }, backoff, count) - clock.now());
  };

  it('doubles each time up to the longest, by chance a quarter longer or shorter', () => {
    for (const [count, expected] of [
      [0, 5 * MINUTE],
      [1, 10 * MINUTE],
      [8, 1280 * MINUTE],
      [9, DAY],
      [5000, DAY],
    ] as const) {
      const found = waits(count);
      assert.ok(Math.min(...found) >= 0.75 * expected && Math.max(...found) <= 1.25 * expected, `${count}`);
      const mean = found.reduce((sum, wait) => sum + wait, 0) / found.length;
      assert.ok(Math.abs(mean / expected - 1) < 0.05, `${count}: ${mean}`);
    }
  });

  it('is spread evenly over the devices that refused together', () => {
    const found = waits(3, 1000);
    const tenths = Array.from({ length: 10 }, (_, tenth) => {
      const from = (0.75 + tenth / 20) * 40 * MINUTE;
      return found.filter(wait => wait >= from && wait < from + 2 * MINUTE).length;
    });
    assert.ok(
      tenths.every(count => count > 50 && count < 160),
      tenths.join(' '),
    );
  });

  it('ends at a whole millisecond in the future after any number of refusals', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (count, seed) => {
        const [wait = 0] = waits(count, 1, seed);
        assert.ok(Number.isInteger(wait) && wait >= 0.75 * 5 * MINUTE && wait <= 1.25 * DAY);
      }),
    );
  });
});
