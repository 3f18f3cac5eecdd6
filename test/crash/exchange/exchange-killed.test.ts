// An exchange that is killed while operators give commands; in full: test/long/exchange-killed.test.ts.
import assert from 'node:assert/strict';
import { builtFor } from '../server.ts';
import { killRun } from './kill-run.ts';

describe('the exchange killed while operators give commands', function () {
  this.timeout(120_000);
  const built = builtFor('pbx/main.ts');

  it('has every acknowledged command after each of 12 kills, and no half of one', async () => {
    const report = await killRun({ main: built('pbx/main.ts'), seed: 1, kills: 12, commands: 10 });
    assert.deepEqual(report.findings, []);
    assert.ok(report.executed > 50 && report.unknown > 0, JSON.stringify(report));
  });
});
