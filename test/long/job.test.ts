// 60 kills under a job over a fleet of which one device in a hundred refuses, and some under one over 100,000 devices; `npm test` has eight.
import assert from 'node:assert/strict';
import { jobRun, toldOf } from '../crash/jobs/job-run.ts';
import { builtFor } from '../crash/server.ts';
import { onEachStore } from '../crash/stores.ts';

const FIRST_SEED = Number(process.env.TANDEM_SEED ?? 4100);

describe('a job while the ACS is killed, many times', function () {
  this.timeout(3_600_000);
  const built = builtFor();

  onEachStore(store => {
    for (let life = 0; life < 5; life++)
      it(`is reconciled without a difference after 12 kills with seed ${FIRST_SEED + life}`, async () => {
        const seed = FIRST_SEED + life;
        const settings = { main: built('acs/main.ts'), store, seed, kills: 12, devices: 100, stubborn: 100 };
        const report = await jobRun(settings);
        assert.deepEqual(report.differences, [], toldOf(report, seed));
      });

    if (store.name !== 'SQLite') return;
    it(`has each of 100,000 planned devices once after 8 kills with seed ${FIRST_SEED}`, async () => {
      const seed = FIRST_SEED;
      const settings = { main: built('acs/main.ts'), store, seed, kills: 8, devices: 30, stubborn: 10 };
      const report = await jobRun({ ...settings, absent: 100_000 });
      assert.deepEqual(report.differences, [], toldOf(report, seed));
    });
  });
});
