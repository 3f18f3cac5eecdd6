// The power fails under the journal of the exchange: what was not synced is lost, torn or written out of order, and nothing
// acknowledged goes.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { type ExchangeFact, LANES, rowsOfLane } from '../../support/powercut/exchange-facts.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { compileRecorder, cutPoints, eachCut, recordWriter } from '../disk.ts';

/** Another one by TANDEM_SEED; a failure names it. */
const SEED = Number(process.env.TANDEM_SEED ?? 5);
const POINTS = 150;

peerSuite('a power cut on the journal of the exchange', { programs: ['gcc'] }, function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'exchange-powercut-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it(`loses nothing acknowledged at ${POINTS} points, and leaves no half of a commit`, async () => {
    const recording = await recordWriter(await compileRecorder(folder), folder, 'exchange', 100);
    const renames = recording.records.filter(({ op }) => op === 'rename').length;
    assert.ok(renames > 3, `the journal was written anew ${renames} times`);
    const random = seededRandom(SEED);
    const points = cutPoints(recording.records, POINTS, random);
    await eachCut<ExchangeFact>(
      recording,
      points,
      random,
      number => join(folder, `cut${number}`),
      async (point, place, facts) => {
        const where = `seed ${SEED}, cut after record ${point}`;
        const exchange = await Exchange.open({ folder: join(place, 'data'), log: silentLog });
        for (let lane = 0; lane < LANES; lane++) assertLane(exchange, lane, facts, where);
        await exchange.close();
        await rm(place, { recursive: true });
      },
    );
  });
});

/** All rows of the lane have the same number, and it is no less than the one that was acknowledged last. */
function assertLane(exchange: Exchange, lane: number, facts: readonly ExchangeFact[], where: string): void {
  const numbers = new Set(rowsOfLane(lane).map(dir => exchange.get('extensions', dir)?.csp ?? 0));
  assert.equal(numbers.size, 1, `${where}: half a commit in lane ${lane}`);
  const acknowledged = Math.max(0, ...facts.filter(fact => fact.lane === lane).map(({ number }) => number));
  const [found = 0] = numbers;
  assert.ok(found >= acknowledged, `${where}: lane ${lane} has ${found}, acknowledged was ${acknowledged}`);
}
