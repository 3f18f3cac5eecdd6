// Rollouts of firmware while the ACS is killed every few seconds, as processes over sockets: the devices count how often they are flashed.
import assert from 'node:assert/strict';
import { rolloutRun, toldOf } from '../crash/rollout.ts';
import { builtFor } from '../crash/server.ts';
import { onEachStore, stores } from '../crash/stores.ts';

/** Another one by TANDEM_SEED; a failure names it. */
const SEED = Number(process.env.TANDEM_SEED ?? 11);
const PLANTED = 'test/support/acs/planted-acs.ts';

describe('a rollout while the ACS is killed', function () {
  this.timeout(300_000);
  const built = builtFor(PLANTED);

  onEachStore(store => {
    it('8 kills: no device is flashed twice, none is forgotten, pauses and waves hold', async () => {
      const report = await rolloutRun({ main: built('acs/main.ts'), store, seed: SEED, kills: 8 });
      assert.equal(report.findings.length, 0, toldOf(report, SEED));
    });
  });

  it('a server that sends before it has written that it sends is caught', async () => {
    const [store] = stores;
    assert.ok(store);
    const report = await rolloutRun({
      main: built(PLANTED),
      store,
      seed: SEED,
      kills: 2,
      devices: 6,
      at: ['an order to flash arrives'],
      mannerOf: () => 'old',
      env: { PLANTED_BUG: 'late' },
    });
    assert.ok(
      report.findings.some(({ rule }) => rule === 'flashed-twice' || rule === 'ordered-again'),
      toldOf(report, SEED),
    );
  });
});
