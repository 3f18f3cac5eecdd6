// The database killed at any instant under the servers, and started again on what it had written.
import assert from 'node:assert/strict';
import { databaseRun } from '../crash/database.ts';
import { told } from '../crash/run.ts';
import { builtFor } from '../crash/server.ts';
import { labMongoNeeds, MONGO_START_MS } from '../support/acs/mongo.ts';
import { missing } from '../support/servers/peers.ts';

/** Another one by TANDEM_SEED; a failure names it. */
const SEED = Number(process.env.TANDEM_SEED ?? 11);
/** Each under one server and under two; `npm run test:long` has 300. */
const KILLS = 8;

describe('the database killed at any instant, answers lost in between', function () {
  this.timeout(3 * MONGO_START_MS);
  const lacking = missing(labMongoNeeds);
  if (lacking.length > 0) return void it(`skipped: needs ${lacking.join(', ')}`);
  const built = builtFor();

  for (const [nodes, servers] of [
    [1, 'one server'],
    [2, 'two servers'],
  ] as const)
    it(`keeps every promise under ${servers} over ${KILLS} kills`, async () => {
      const report = await databaseRun({ main: built('acs/main.ts'), seed: SEED, kills: KILLS, nodes });
      assert.equal(report.findings.length, 0, told(report, SEED));
      // Their number depends on the speed of the machine.
      assert.ok(report.lost > 0, 'no answer was lost');
    });
});
