// The counts of a job by state and wave.
import assert from 'node:assert/strict';
import { Tally } from '../../../../acs/fleet/jobs/tally.ts';
import { jobStates } from '../../../../acs/store/job-positions.ts';

const WAVES = 100;

describe('the tally of a job', () => {
  it('tells the devices of some states, of one wave and of all', () => {
    const tally = new Tally([
      { state: 'done', wave: 1, count: 3 },
      { state: 'failed', wave: 1, count: 1 },
      { state: 'done', wave: 2, count: 2 },
    ]);
    tally.add({ state: 'done', wave: 2, count: 1 });
    assert.deepEqual(
      [tally.of(['done']), tally.of(['done', 'failed'], 1), tally.of(['done'], 2), tally.of(['done'], 3)],
      [6, 4, 3, 0],
    );
    assert.deepEqual(tally.byState(1), {
      ...Object.fromEntries(jobStates.map(state => [state, 0])),
      ...{ done: 3, failed: 1 },
    });
  });

  it('tells each of many waves in some milliseconds', () => {
    const counts = jobStates.flatMap(state =>
      Array.from({ length: WAVES }, (_, at) => ({ state, wave: at + 1, count: 1 })),
    );
    const tally = new Tally(counts);
    const before = process.cpuUsage();
    for (let wave = 1; wave <= WAVES; wave++) assert.equal(tally.byState(wave).done, 1);
    const { user } = process.cpuUsage(before);
    assert.ok(user < 20_000, `${user} microseconds`);
  });
});
