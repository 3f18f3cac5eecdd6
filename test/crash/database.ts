// A crash run in which the database is killed, not the server: it keeps every answer that it gave, and starts again on its file. Between
// the kills answers to writes are lost, each after it was carried out.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, systemClock } from '../../shared/clock.ts';
import { labMongoNeeds, startMongo } from '../support/acs/mongo.ts';
import { openMongoWire } from '../support/processes/mongo-wire.ts';
import { crashRun, type RunReport } from './run.ts';

const clock = systemClock();
/** Time between two lost answers, milliseconds. */
const LOSS_MS = { least: 200, most: 900 };

export interface DatabaseRun {
  /** The compiled server. */
  main: string;
  seed: number;
  kills: number;
  /** Servers on the database. */
  nodes: number;
}

export async function databaseRun({ main, seed, kills, nodes }: DatabaseRun): Promise<RunReport & { lost: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-crash-database-'));
  const place = { file: join(folder, 'durable.db'), durable: true };
  let database = await startMongo(place);
  const { port } = database;
  const wire = await openMongoWire(port);
  const random = seededRandom(seed + 1);
  const calm = new AbortController();
  let lost = 0;
  const loseNext = (): void => {
    void wire
      .loseAnswer(({ name }) => name === 'update' || name === 'insert' || name === 'delete')
      .then(loss => {
        loss.cut();
        lost++;
        if (!calm.signal.aborted) clock.after(random.int(LOSS_MS.least, LOSS_MS.most), loseNext);
      });
  };
  const store = {
    name: 'a durable MongoDB',
    needs: labMongoNeeds,
    open: async () => ({ args: ['--store', `mongodb://127.0.0.1:${wire.port}/run`], close: async () => undefined }),
  };
  const victim = {
    kill: () => database.kill(),
    start: async () => {
      database = await startMongo({ ...place, port });
    },
  };
  try {
    // A server whose first writes are cut off says so and ends: its supervisor starts it again.
    const atStart = loseNext;
    const atCalm = (): void => {
      calm.abort();
      wire.forgive();
    };
    return { ...(await crashRun({ ...{ main, store, seed, kills, nodes, victim, atStart, atCalm } })), lost };
  } finally {
    await wire.close();
    await database.kill();
    await rm(folder, { recursive: true, force: true });
  }
}
