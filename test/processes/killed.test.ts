// Two ACS processes on one MongoDB, every POST to the other one, killed and started again while gateways are configured. In full:
// test/long/processes.test.ts.
import assert from 'node:assert/strict';
import { builtFor } from '../crash/server.ts';
import { dropMongo, freshMongo, MONGO_START_MS, mongoNeeds } from '../support/acs/mongo.ts';
import { missing } from '../support/servers/peers.ts';
import { contradictions, type Held } from './checker.ts';
import { openProcesses, ordeal } from './fleet.ts';

describe('several ACS processes on one MongoDB, killed in turn', function () {
  this.timeout(MONGO_START_MS);
  const lacking = missing(mongoNeeds);
  if (lacking.length > 0) return void it(`skipped: needs ${lacking.join(', ')}`);
  const built = builtFor();

  it('configures 40 gateways over 3 kills, none in session with two processes at once', async () => {
    const store = await freshMongo();
    const fleet = await openProcesses({ main: built('acs/main.ts'), store, nodes: 2 });
    try {
      const report = await ordeal(fleet, { gateways: 40, kills: 3, everyMs: 3000, patienceMs: 90_000 });
      assert.deepEqual(report.contradictions, []);
      assert.deepEqual([...new Set(report.units.map(({ parameterKey }) => parameterKey))], [report.revision]);
      assert.equal(report.units.length, 40);
      assert.ok(report.sessions >= 80, `${report.sessions} sessions`);
      assert.ok(
        Object.values(report.requests).every(count => count > 50),
        JSON.stringify(report.requests),
      );
    } finally {
      await fleet.close();
      await dropMongo(store);
    }
  });
});

describe('the checker of several processes', () => {
  const held = (member: string, claim: number, from: number, to: number): Held => ({
    ...{ device: 'D', member, claim, from, to, end: 'said' },
  });
  it('finds two sessions of a device at once and nothing else', () => {
    assert.deepEqual(contradictions([held('one', 1, 10, 20), held('two', 2, 20, 30), held('two', 3, 25, 40)]), []);
    assert.equal(contradictions([held('one', 1, 10, 21), held('two', 2, 20, 30)]).length, 1);
    assert.equal(contradictions([held('one', 1, 10, Number.POSITIVE_INFINITY), held('two', 2, 20, 30)]).length, 1);
    assert.equal(contradictions([held('one', 1, 10, 20), held('two', 1, 30, 40)]).length, 1);
  });
});
