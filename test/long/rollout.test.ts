// 60 kills under rollouts, five lives of twelve, each of its own seed; `npm test` has eight.
import assert from 'node:assert/strict';
import { rolloutRun, toldOf } from '../crash/rollout.ts';
import { builtFor } from '../crash/server.ts';
import { onEachStore } from '../crash/stores.ts';

const FIRST_SEED = Number(process.env.TANDEM_SEED ?? 3000);

describe('rollouts while the ACS is killed, many times', function () {
  this.timeout(3_600_000);
  const built = builtFor();

  onEachStore(store => {
    for (let life = 0; life < 5; life++)
      it(`keeps its promises over 12 kills with seed ${FIRST_SEED + life}`, async () => {
        const seed = FIRST_SEED + life;
        const report = await rolloutRun({ main: built('acs/main.ts'), store, seed, kills: 12, devices: 24 });
        assert.equal(report.findings.length, 0, toldOf(report, seed));
      });
  });
});
