// The search thread: reads that may walk all devices run here, so that no session waits for them.
import { constants, getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { type SearchRequest, SqliteQueries } from '../queries/queries.ts';
import { openReader, type StoreFile } from '../schema.ts';
import { storeError } from '../store-error.ts';
import { type Bulk, type FromThread, plainPacking, type ToThread, unpacked } from './batch.ts';
import { sentError, sentFailure } from './thread.ts';

/** Sessions come before searches where both want a core. */
const NICE = 5;

/** Linux alone gives each thread a priority of its own. */
function yieldToSessions(): void {
  if (process.platform === 'linux') setPriority(Math.min(constants.priority.PRIORITY_LOW, getPriority() + NICE));
}

function outcomeOf(queries: SqliteQueries, request: SearchRequest): [string, Bulk] {
  try {
    const [json, lines] = queries.search(request);
    return [json, lines];
  } catch (error) {
    return sentFailure(storeError(error));
  }
}

const send = (message: FromThread): void => parentPort?.postMessage(message);

try {
  yieldToSessions();
  const db = openReader((workerData as StoreFile).file);
  const queries = new SqliteQueries(db);
  const packing = plainPacking<SearchRequest>();
  parentPort?.on('message', (batch: ToThread) => {
    if (batch) {
      // Each answer leaves as soon as it is found.
      for (const [number, request] of unpacked(batch, packing)) send([number, ...outcomeOf(queries, request)]);
      return;
    }
    db.close();
    parentPort?.close();
  });
  send({ ready: true });
} catch (error) {
  send({ failed: sentError(error) });
}
