// The power fails under the SQLite store: what was not synced is lost, torn or written out of order, and nothing acknowledged goes.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../shared/clock.ts';
import { compileRecorder, cutPoints, eachCut, lostOn, type Recording, recordWriter, startOn } from '../crash/disk.ts';
import { peerSuite } from '../support/servers/peers.ts';

/** Another one by TANDEM_SEED; a failure names it. */
const SEED = Number(process.env.TANDEM_SEED ?? 3);
const POINTS = 20;

peerSuite('a power cut on SQLite', { programs: ['gcc'] }, function () {
  this.timeout(120_000);
  let folder: string;
  let library: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-powercut-'));
    library = await compileRecorder(folder);
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it(`loses nothing acknowledged at ${POINTS} points and starts on the file`, async () => {
    const recording = await recordWriter(library, folder, 'writer', 60);
    assertRich(recording);
    const random = seededRandom(SEED);
    const points = cutPoints(recording.records, POINTS, random);
    let marked = 0;
    await eachCut(
      recording,
      points,
      random,
      number => join(folder, `cut${number}`),
      async (point, place, facts) => {
        const where = `seed ${SEED}, cut after record ${point}`;
        assert.deepEqual(await lostOn(place, facts), [], where);
        const devices = facts.filter(({ kind }) => kind === 'device').length;
        // One page shows up to 500.
        assert.ok((await startOn(place)) >= Math.min(devices, 500), where);
        marked = facts.length;
        await rm(place, { recursive: true });
      },
    );
    assert.ok(marked > 1000, `${marked} facts were marked`);
  });

  it('catches a store that does not sync', async () => {
    const recording = await recordWriter(library, folder, 'careless', 400);
    const random = seededRandom(SEED);
    const points = cutPoints(recording.records, POINTS, random);
    let bitten = 0;
    await eachCut(
      recording,
      points,
      random,
      number => join(folder, `off${number}`),
      async (_point, place, facts) => {
        if ((await lostOn(place, facts)).length > 0) bitten++;
        await rm(place, { recursive: true });
      },
    );
    assert.ok(bitten >= POINTS / 4, `${bitten} of ${POINTS} cuts lost something`);
  });
});

/** The recording has what it is for: many commits, checkpoints in their midst, the closing. */
function assertRich({ records }: Recording): void {
  const count = (op: string, path: RegExp): number =>
    records.filter(record => record.op === op && 'path' in record && path.test(record.path)).length;
  assert.ok(count('sync', /\.db-wal$/) > 200, 'commits');
  assert.ok(count('sync', /\.db$/) >= 3, 'checkpoints');
  assert.ok(records.some(record => record.op === 'mark' && record.text.includes('"closed"')));
}
