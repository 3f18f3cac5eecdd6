// A job over devices that live on while the ACS is killed without a word; more of it is in test/long.
import assert from 'node:assert/strict';
import { jobRun, toldOf } from '../../crash/jobs/job-run.ts';
import { builtFor } from '../../crash/server.ts';
import { onEachStore } from '../../crash/stores.ts';

describe('a job while the ACS is killed', function () {
  this.timeout(300_000);
  const built = builtFor();

  onEachStore(store => {
    it('is reconciled without a difference after eight kills', async () => {
      const seed = 4000;
      const settings = { main: built('acs/main.ts'), store, seed, kills: 8, devices: 24, stubborn: 12 };
      const report = await jobRun(settings);
      assert.deepEqual(report.differences, [], toldOf(report, seed));
    });
  });
});
