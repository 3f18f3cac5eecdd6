// 1000 commands and 100 kills of the exchange, five lives of twenty kills, each of its own seed; `npm test` has a short one.
import assert from 'node:assert/strict';
import { killRun } from '../crash/exchange/kill-run.ts';
import { builtFor } from '../crash/server.ts';

const FIRST_SEED = Number(process.env.TANDEM_SEED ?? 2000);

describe('the exchange killed at 100 moments of 1000 commands', function () {
  this.timeout(1_800_000);
  const built = builtFor('pbx/main.ts');
  let commands = 0;

  for (let life = 0; life < 5; life++)
    it(`loses no acknowledged command over 20 kills with seed ${FIRST_SEED + life}`, async () => {
      const report = await killRun({ main: built('pbx/main.ts'), seed: FIRST_SEED + life, kills: 20, commands: 12 });
      assert.deepEqual(report.findings, []);
      commands += report.executed + report.refused + report.unknown;
    });

  it('were at least 1000 commands', () => {
    assert.ok(commands >= 1000, `${commands} commands`);
  });
});
