// The pace of rollouts and jobs, from few samples in their documents.
import assert from 'node:assert/strict';
import { isSampleDue, paceOf, sampled } from '../../../../acs/fleet/rollout/pace.ts';
import type { Sample } from '../../../../acs/fleet/rollout/plan.ts';

const MINUTE = 60_000;
const planned = 1_000_000;
const running = { planned, phase: 'running' as const };

/** The samples of a plan that is looked at each minute. @param endedAt devices that have ended after so many minutes */
function watch(minutes: number, endedAt: (minute: number) => number): Sample[] {
  let samples: Sample[] = [];
  for (let minute = 0; minute <= minutes; minute++) {
    const now = planned + minute * MINUTE;
    if (isSampleDue({ ...running, samples }, now))
      samples = sampled({ ...running, samples }, { time: now, ended: endedAt(minute) }) ?? samples;
  }
  return samples;
}

const paceAfter = (minutes: number, endedAt: (minute: number) => number): number | null =>
  paceOf({ ...running, samples: watch(minutes, endedAt) }, endedAt(minutes), planned + minutes * MINUTE);

describe('pace of rollouts and jobs', () => {
  it('is that of the last hour, and of the time since the plan before', () => {
    assert.equal(
      paceAfter(180, minute => minute * 2),
      120,
    );
    assert.equal(
      paceAfter(30, minute => minute * 2),
      120,
    );
    assert.equal(
      paceAfter(180, minute => (minute < 100 ? minute * 100 : 10_000)),
      null,
    );
    assert.equal(
      paceAfter(180, minute => (minute < 120 ? 0 : minute - 120)),
      60,
    );
  });

  it('is none under 20 devices that have ended, in the first minute, and before and after', () => {
    assert.equal(
      paceAfter(30, () => 19),
      null,
    );
    assert.equal(
      paceAfter(30, () => 20),
      40,
    );
    assert.equal(paceOf(running, 500, planned + 30_000), null);
    assert.equal(paceOf({ phase: 'planning' }, 500, planned), null);
    assert.equal(paceOf({ ...running, phase: 'done', ended: planned }, 500, planned + MINUTE), null);
  });

  it('counts what has ended after a long pause as that of the last hour', () => {
    assert.equal(
      paceAfter(600, minute => (minute < 590 ? 10 : 10 + (minute - 590) * 10)),
      100,
    );
  });

  it('needs samples of an hour, however long it lasts', () => {
    assert.equal(watch(6000, minute => minute).length, 13);
    assert.equal(watch(6000, () => 0).length, 0);
  });
});
