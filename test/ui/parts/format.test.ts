// Times as they are written, also those that are none.
import assert from 'node:assert/strict';
import { clockTime, dateTime, day, dayOf, hourAndMinute, span, timeOfDay } from '../../../acs/ui/words/format.ts';

describe('times in the pages', () => {
  it('are a dash where what was told is no time', () => {
    for (const write of [dateTime, timeOfDay, clockTime, day, hourAndMinute, dayOf])
      for (const at of ['', 'never', '0001-99-99T00:00:00Z', Number.NaN, 1e300]) assert.equal(write(at), '–');
    assert.equal(span(Number.NaN), '–');
  });

  it('are in the reader’s zone where that of the site is unknown', () => {
    const at = '2026-07-01T12:00:00Z';
    for (const write of [dateTime, hourAndMinute, timeOfDay]) {
      assert.equal(write(at, 'Mars/Olympus'), write(at));
      assert.notEqual(write(at, 'Pacific/Auckland'), write(at, 'Europe/Vienna'));
    }
  });
});
