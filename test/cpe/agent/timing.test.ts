// The arithmetic of the agent: retry bands, periodic phase, local time.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { localTime } from '../../../cpe/agent/local-time.ts';
import { parseTime, retryBand, retryWait, untilPeriodic } from '../../../cpe/agent/timing.ts';
import { readZone } from '../../../cpe/state/time-zone.ts';
import { seededRandom } from '../../../shared/clock.ts';

describe('retry table (TR-069 3.2.1.1)', () => {
  it('has the bands of the standard by default', () => {
    const policy = { minimumWait: 5, multiplier: 2000 };
    const bands = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 50].map(n => retryBand(n, policy));
    assert.deepEqual(
      bands.map(({ min, max }) => [min, max]),
      [
        [5, 10],
        [10, 20],
        [20, 40],
        [40, 80],
        [80, 160],
        [160, 320],
        [320, 640],
        [640, 1280],
        [1280, 2560],
        [2560, 5120],
        [2560, 5120],
        [2560, 5120],
      ],
    );
  });

  it('waits within m·(k/1000)^(n-1) and m·(k/1000)^n for all m, k and n', () => {
    const all = fc.record({
      n: fc.integer({ min: 1, max: 100 }),
      m: fc.integer({ min: 1, max: 65535 }),
      k: fc.integer({ min: 1000, max: 65535 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(all, ({ n, m, k, seed }) => {
        const wait = retryWait(n, { minimumWait: m, multiplier: k }, seededRandom(seed)) / 1000;
        const step = Math.min(n, 10);
        assert.ok(wait >= m * (k / 1000) ** (step - 1) - 0.001);
        assert.ok(wait <= m * (k / 1000) ** step + 0.001);
      }),
    );
  });
});

describe('periodic phase (TR-181 PeriodicInformTime)', () => {
  it('lies a whole number of intervals from the phase, within one interval', () => {
    const time = fc.integer({ min: 0, max: 4e12 });
    fc.assert(
      fc.property(time, time, fc.integer({ min: 1000, max: 31536e6 }), (now, phase, interval) => {
        const wait = untilPeriodic(now, phase, interval);
        assert.ok(wait > 0 && wait <= interval);
        assert.equal(Math.abs((now + wait - phase) % interval), 0);
      }),
    );
  });

  it('takes the Unknown Time and relative times as no phase', () => {
    assert.equal(parseTime('0001-01-01T00:00:00Z'), undefined);
    assert.equal(parseTime('0001-01-03T03:04:05'), undefined);
    assert.equal(parseTime('soon'), undefined);
    assert.equal(parseTime('2026-01-01T00:00:00Z'), Date.UTC(2026, 0, 1));
    assert.equal(parseTime('2026-01-01T02:00:00+02:00'), Date.UTC(2026, 0, 1));
  });
});

describe('local time of the unit', () => {
  const eastern = 'EST5EDT4,M3.2.0/02:00:00,M11.1.0/02:00:00';

  it('follows summer time by the POSIX rule', () => {
    assert.equal(localTime(Date.UTC(2026, 0, 15, 12), eastern), '2026-01-15T07:00:00-05:00');
    assert.equal(localTime(Date.UTC(2026, 6, 15, 12), eastern), '2026-07-15T08:00:00-04:00');
    assert.equal(localTime(Date.UTC(2026, 2, 8, 6, 59, 59), eastern), '2026-03-08T01:59:59-05:00');
    assert.equal(localTime(Date.UTC(2026, 2, 8, 7), eastern), '2026-03-08T03:00:00-04:00');
    assert.equal(localTime(Date.UTC(2026, 10, 1, 5, 59, 59), eastern), '2026-11-01T01:59:59-04:00');
    assert.equal(localTime(Date.UTC(2026, 10, 1, 6), eastern), '2026-11-01T01:00:00-05:00');
  });

  it('handles the southern hemisphere, half hours, and the last Sunday', () => {
    const sydney = 'AEST-10AEDT,M10.1.0,M4.1.0/3';
    assert.equal(localTime(Date.UTC(2026, 0, 1), sydney), '2026-01-01T11:00:00+11:00');
    assert.equal(localTime(Date.UTC(2026, 6, 1), sydney), '2026-07-01T10:00:00+10:00');
    assert.equal(localTime(Date.UTC(2026, 6, 1), '<+0530>-5:30'), '2026-07-01T05:30:00+05:30');
    const berlin = 'CET-1CEST,M3.5.0,M10.5.0/3';
    assert.equal(localTime(Date.UTC(2026, 2, 29, 1), berlin), '2026-03-29T03:00:00+02:00');
    assert.equal(localTime(Date.UTC(2026, 9, 25, 1), berlin), '2026-10-25T02:00:00+01:00');
  });

  it('counts an unreadable zone as UTC', () => {
    for (const zone of ['', 'EST', 'EST5EDT,J60', 'EST5EDT,J60,J400', 'x'.repeat(500)]) {
      if (zone !== '') assert.equal(typeof readZone(zone), 'string');
      assert.equal(localTime(0, zone), '1970-01-01T00:00:00+00:00');
    }
  });
});
