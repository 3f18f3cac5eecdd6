// 300 kills of the database under one server and 300 under two, ten lives of thirty each, each of its own seed; `npm test` has sixteen.
import assert from 'node:assert/strict';
import { databaseRun } from '../crash/database.ts';
import { told } from '../crash/run.ts';
import { builtFor } from '../crash/server.ts';
import { labMongoNeeds } from '../support/acs/mongo.ts';
import { missing } from '../support/servers/peers.ts';

const FIRST_SEED = Number(process.env.TANDEM_SEED ?? 2000);

describe('the database killed at any instant, many times', function () {
  this.timeout(7_200_000);
  const lacking = missing(labMongoNeeds);
  if (lacking.length > 0) return void it(`skipped: needs ${lacking.join(', ')}`);
  const built = builtFor();

  for (const nodes of [1, 2])
    for (let life = 0; life < 10; life++)
      it(`keeps every promise over 30 kills, servers: ${nodes}, seed: ${FIRST_SEED + life}`, async () => {
        const seed = FIRST_SEED + life;
        const report = await databaseRun({ main: built('acs/main.ts'), seed, kills: 30, nodes });
        assert.equal(report.findings.length, 0, told(report, seed));
      });
});
