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
    it('flashes no device twice, forgets none and keeps waves and pauses over 8 kills', async () => {
      const report = await rolloutRun({ main: built('acs/main.ts'), store, seed: SEED, kills: 8 });
      assert.equal(report.findings.length, 0, toldOf(report, SEED));
    });
  });

  it('catches a server that sends an order before that is written', async () => {
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
