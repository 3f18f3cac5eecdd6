// 400 power cuts under the SQLite store; `npm test` has twenty.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../shared/clock.ts';
import { compileRecorder, cutPoints, eachCut, lostOn, recordWriter, startOn } from '../crash/disk.ts';
import { peerSuite } from '../support/servers/peers.ts';

const FIRST_SEED = Number(process.env.TANDEM_SEED ?? 100);

peerSuite('a power cut on SQLite, many times', { programs: ['gcc'] }, function () {
  this.timeout(3_600_000);

  for (let seed = FIRST_SEED; seed < FIRST_SEED + 4; seed++)
    it(`loses nothing acknowledged at 100 points with seed ${seed}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tandem-powercut-'));
      const recording = await recordWriter(await compileRecorder(folder), folder, 'writer', 60);
      const random = seededRandom(seed);
      const points = cutPoints(recording.records, 100, random);
      const into = (number: number): string => join(folder, `cut${number}`);
      await eachCut(recording, points, random, into, async (point, place, facts) => {
        assert.deepEqual(await lostOn(place, facts), [], `seed ${seed}, cut after record ${point}`);
        await startOn(place);
        await rm(place, { recursive: true });
      });
      await rm(folder, { recursive: true });
    });
});
