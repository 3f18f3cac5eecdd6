// The server killed at any instant, in the middle of whatever it does, and started again on what it had written.
import assert from 'node:assert/strict';
import { crashRun, told, triggers } from '../crash/run.ts';
import { type Build, build } from '../crash/server.ts';
import { lacks, stores } from '../crash/stores.ts';
import { endPrograms } from '../support/process.ts';

const SEED = Number(process.env.TANDEM_SEED ?? 7);

describe('the ACS killed at any instant', function () {
  this.timeout(240_000);
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
      it('30 kills: nothing acknowledged is lost, nothing is sent twice, every task ends', async () => {
        const report = await crashRun({ main: built.path('acs/main.ts'), store, seed: SEED, kills: 30 });
        assert.equal(report.findings.length, 0, told(report, SEED));
        assert.ok(Object.keys(report.kills).length >= triggers.length - 2, JSON.stringify(report.kills));
      });
    });
});
