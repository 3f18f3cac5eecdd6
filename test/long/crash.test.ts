// 300 kills on each store, ten lives of thirty, each of its own seed; `npm test` has one of each kind.
import assert from 'node:assert/strict';
import { crashRun, told } from '../crash/run.ts';
import { builtFor } from '../crash/server.ts';
import { onEachStore } from '../crash/stores.ts';

const FIRST_SEED = Number(process.env.TANDEM_SEED ?? 1000);

describe('the ACS killed at any instant, many times', function () {
  this.timeout(3_600_000);
  const built = builtFor();

  onEachStore(store => {
    for (let life = 0; life < 10; life++)
      it(`keeps its promises over 30 kills with seed ${FIRST_SEED + life}`, async () => {
        const seed = FIRST_SEED + life;
        const report = await crashRun({ main: built('acs/main.ts'), store, seed, kills: 30 });
        assert.equal(report.findings.length, 0, told(report, seed));
      });
  });
});
