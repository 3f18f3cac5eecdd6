// Two ACS processes on one MongoDB, 500 gateways, one process killed and started again every few seconds for a minute.
import assert from 'node:assert/strict';
import { builtFor } from '../crash/server.ts';
import { openProcesses, ordeal } from '../processes/fleet.ts';
import { dropMongo, freshMongo, mongoNeeds } from '../support/acs/mongo.ts';
import { missing } from '../support/servers/peers.ts';

const GATEWAYS = 500;
const KILLS = 15;

describe('two ACS processes on one MongoDB, one killed every few seconds for a minute', function () {
  this.timeout(900_000);
  const lacking = missing(mongoNeeds);
  if (lacking.length > 0) return void it(`skipped: needs ${lacking.join(', ')}`);
  const built = builtFor();

  it(`configures ${GATEWAYS} gateways over ${KILLS} kills, none in session with two at once`, async () => {
    const store = await freshMongo();
    const fleet = await openProcesses({ main: built('acs/main.ts'), store, nodes: 2 });
    try {
      const report = await ordeal(fleet, { gateways: GATEWAYS, kills: KILLS, everyMs: 3200, patienceMs: 300_000 });
      assert.deepEqual(report.contradictions, []);
      assert.deepEqual([...new Set(report.units.map(({ parameterKey }) => parameterKey))], [report.revision]);
      assert.equal(report.units.length, GATEWAYS);
      assert.ok(report.killed > 0, 'sessions were under way when their process was killed');
    } finally {
      await fleet.close();
      await dropMongo(store);
    }
  });
});
