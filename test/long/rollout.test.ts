// 60 kills under rollouts, five lives of twelve, each of its own seed; `npm test` has eight.
import assert from 'node:assert/strict';
import { rolloutRun, toldOf } from '../crash/rollout.ts';
import { type Build, build } from '../crash/server.ts';
import { lacks, stores } from '../crash/stores.ts';
import { endPrograms } from '../support/process.ts';

const FIRST_SEED = Number(process.env.TANDEM_SEED ?? 3000);

describe('rollouts while the ACS is killed, many times', function () {
  this.timeout(3_600_000);
  let built: Build;
  before(async () => {
    built = await build();
  });
  after(async () => {
    await endPrograms();
    await built.remove();
  });

  for (const store of stores)
    describe(`on ${store.name}`, () => {
      const missing = lacks(store);
      if (missing.length > 0) return void it(`skipped: needs ${missing.join(', ')}`);
      for (let life = 0; life < 5; life++)
        it(`12 kills with seed ${FIRST_SEED + life}`, async () => {
          const seed = FIRST_SEED + life;
          const report = await rolloutRun({ main: built.path('acs/main.ts'), store, seed, kills: 12, devices: 24 });
          assert.equal(report.findings.length, 0, toldOf(report, seed));
        });
    });
});
