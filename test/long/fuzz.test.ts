// An hour of the fuzz over all targets, with other seeds than `npm test` has.
import assert from 'node:assert/strict';
import { failureText, lineOf } from '../fuzz/report.ts';
import { runTarget } from '../fuzz/run.ts';
import { targets } from '../fuzz/targets.ts';

const SECONDS = 3600;
const SEED = 30_261;

describe('fuzz of live programs, an hour', function () {
  this.timeout(SECONDS * 1000);

  targets.forEach((target, at) => {
    it(`${target.name} holds: no end, no hang, memory and log bounded`, async () => {
      const outcome = await runTarget(target, { seed: SEED + at, seconds: SECONDS / targets.length });
      assert.equal(outcome.failure, undefined, failureText(outcome));
      assert.ok(outcome.cases > 0 && outcome.probes > 0, lineOf(outcome));
    });
  });
});
