// Forty seconds of the fuzz over all targets, with seeds that do not change.
import assert from 'node:assert/strict';
import { failureText, lineOf } from './report.ts';
import { runTarget } from './run.ts';
import { targets } from './targets.ts';

const SECONDS = 40;
const SEED = 20_261;

describe('fuzz of live programs', function () {
  this.timeout(240_000);

  targets.forEach((target, at) => {
    it(`${target.name} holds: no end, no hang, memory and log bounded`, async () => {
      const outcome = await runTarget(target, { seed: SEED + at, seconds: SECONDS / targets.length });
      assert.equal(outcome.failure, undefined, failureText(outcome));
      assert.ok(outcome.cases > 0 && outcome.probes > 0, lineOf(outcome));
    });
  });
});
