// The search thread: reads that may have to walk all devices run here, so that no session waits for them.
import { parentPort, workerData } from 'node:worker_threads';
import { createReading, type Reading, type SearchRequest } from './reading.ts';
import { openReader, type StoreFile, storeError } from './schema.ts';
import { type FromThread, type SentOutcome, sentError, sentValue, type ToThread } from './thread.ts';

function outcomeOf(reading: Reading, request: SearchRequest): SentOutcome {
  try {
    return sentValue(reading.search(request));
  } catch (error) {
    return { ok: false, error: sentError(storeError(error)) };
  }
}

const send = (message: FromThread): void => parentPort?.postMessage(message);

try {
  const db = openReader((workerData as StoreFile).file);
  const reading = createReading(db);
  parentPort?.on('message', (message: ToThread<SearchRequest>) => {
    if (message) {
      const [number, request] = message;
      return send({ outcomes: [[number, outcomeOf(reading, request)]] });
    }
    db.close();
    parentPort?.close();
  });
  send({ ready: true });
} catch (error) {
  send({ failed: sentError(error) });
}
