// The search thread: reads that may have to walk all devices run here, so that no session waits for them.
import { parentPort, workerData } from 'node:worker_threads';
import { type Bulk, type FromThread, plainPacking, type ToThread, unpacked } from './batch.ts';
import { createReading, type Reading, type SearchRequest } from './queries.ts';
import { openReader, type StoreFile, storeError } from './schema.ts';
import { sentError, sentFailure } from './thread.ts';

function outcomeOf(reading: Reading, request: SearchRequest): [string, Bulk] {
  try {
    return [reading.search(request), undefined];
  } catch (error) {
    return sentFailure(storeError(error));
  }
}

const send = (message: FromThread): void => parentPort?.postMessage(message);

try {
  const db = openReader((workerData as StoreFile).file);
  const reading = createReading(db);
  const packing = plainPacking<SearchRequest>();
  parentPort?.on('message', (batch: ToThread) => {
    if (batch) {
      // Each is told as soon as it is found.
      for (const [number, request] of unpacked(batch, packing)) send([number, ...outcomeOf(reading, request)]);
      return;
    }
    db.close();
    parentPort?.close();
  });
  send({ ready: true });
} catch (error) {
  send({ failed: sentError(error) });
}
