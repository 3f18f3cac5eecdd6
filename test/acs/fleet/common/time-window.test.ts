// Daily time windows in time zones.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openUntil, type Window } from '../../../../acs/fleet/common/time-window.ts';
import { newYear } from '../../../support/devices.ts';

const HOUR = 3_600_000;

describe('a time window', () => {
  const at = (text: string): number => Date.parse(text);
  const night: Window = { from: '22:00', to: '05:00' };
  const closes = (window: Window, zone: string, time: string): string | undefined => {
    const until = openUntil(window, zone, at(time));
    return until === undefined ? undefined : new Date(until).toISOString();
  };

  it('is open by the time of its zone, also over midnight', () => {
    assert.equal(closes(night, 'UTC', '2026-01-10T21:59:59Z'), undefined);
    assert.equal(closes(night, 'UTC', '2026-01-10T22:00:00Z'), '2026-01-11T05:00:00.000Z');
    assert.equal(closes(night, 'UTC', '2026-01-11T04:59:59.999Z'), '2026-01-11T05:00:00.000Z');
    assert.equal(closes(night, 'UTC', '2026-01-11T05:00:00Z'), undefined);
    assert.equal(closes(night, 'Asia/Kolkata', '2026-01-10T16:30:00Z'), '2026-01-10T23:30:00.000Z');
    assert.equal(closes({ from: '00:00', to: '00:00' }, 'UTC', '2026-01-10T12:00:00Z'), '2026-01-11T00:00:00.000Z');
  });

  it('counts for the day on which it begins', () => {
    const friday: Window = { ...night, days: ['fri'] };
    assert.equal(closes(friday, 'UTC', '2026-01-09T23:00:00Z'), '2026-01-10T05:00:00.000Z');
    assert.equal(closes(friday, 'UTC', '2026-01-10T04:00:00Z'), '2026-01-10T05:00:00.000Z');
    assert.equal(closes(friday, 'UTC', '2026-01-10T23:00:00Z'), undefined);
    assert.equal(closes(friday, 'UTC', '2026-01-09T04:00:00Z'), undefined);
  });

  it('changes its length when the clocks change in it', () => {
    assert.equal(closes(night, 'Europe/Vienna', '2026-03-28T21:30:00Z'), '2026-03-29T03:00:00.000Z');
    assert.equal(closes(night, 'Europe/Vienna', '2026-10-24T20:30:00Z'), '2026-10-25T04:00:00.000Z');
  });

  it('is open until the time at which it closes, in any zone', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Vienna', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe');
    const times = fc.integer({ min: 0, max: 23 }).map(hour => `${String(hour).padStart(2, '0')}:15`);
    const moments = fc.integer({ min: newYear, max: newYear + 400 * 24 * HOUR });
    fc.assert(
      fc.property(zones, times, times, moments, (zone, from, to, now) => {
        const until = openUntil({ from, to }, zone, now);
        if (until === undefined || from === to) return;
        assert.ok(until > now && until - now <= 25 * HOUR);
        // An hour that a change of the clocks skips or repeats has no clear end.
        const shown = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short' }).format(until);
        if (shown === to) assert.ok(openUntil({ from, to }, zone, until - 1) !== undefined);
      }),
    );
  });
});
