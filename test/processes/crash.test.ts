// The server killed at any instant, in the middle of whatever it does, and started again on what it had written.
import assert from 'node:assert/strict';
import { crashRun, type RunReport, told, triggers } from '../crash/run.ts';
import { builtFor } from '../crash/server.ts';
import { onEachStore, stores } from '../crash/stores.ts';

/** Another one by TANDEM_SEED; a failure names it. */
const SEED = Number(process.env.TANDEM_SEED ?? 7);
/** Each kind of instant once; `npm run test:long` has 300. */
const KILLS = triggers.length;
const PLANTED = 'test/support/acs/planted-acs.ts';

describe('the ACS killed at any instant', function () {
  this.timeout(240_000);
  const built = builtFor(PLANTED);

  onEachStore(store => {
    it('loses nothing told, sends nothing twice and ends every task over a kill of each kind', async () => {
      const report = await crashRun({ main: built('acs/main.ts'), store, seed: SEED, kills: KILLS });
      assert.equal(report.findings.length, 0, told(report, SEED));
      assert.ok(Object.keys(report.kills).length >= triggers.length - 2, told(report, SEED));
    });
  });

  describe('the checker with a planted bug', () => {
    const planted = async (bug: string, ...names: string[]): Promise<RunReport> => {
      const [store] = stores;
      assert.ok(store);
      const at = triggers.filter(({ name }) => names.includes(name));
      assert.equal(at.length, names.length);
      const env = { PLANTED_BUG: bug };
      return await crashRun({ main: built(PLANTED), store, seed: SEED, kills: 4, devices: 6, at, env });
    };
    const rules = (report: RunReport): string[] => [...new Set(report.findings.map(({ rule }) => rule))];

    it('catches a task that is acknowledged before it is written', async () => {
      const report = await planted('early', 'the operator has a task');
      assert.ok(rules(report).includes('task-lost'), told(report, SEED));
    });

    it('catches an RPC that is sent before that is written', async () => {
      const report = await planted('twice', 'a Reboot arrives', 'another RPC arrives');
      assert.ok(rules(report).includes('sent-twice'), told(report, SEED));
    });

    it('catches a transfer whose end is acknowledged without being written', async () => {
      const report = await planted('forgets', 'a told transfer is acknowledged');
      assert.ok(rules(report).includes('left-open'), told(report, SEED));
    });
  });
});
