// The search thread: reads that may have to walk all devices run here, so that no session waits for them.
import { parentPort, workerData } from 'node:worker_threads';
import { createReading, type Reading, type SearchRequest } from './reading.ts';
import { openReader, type StoreFile, storeError } from './schema.ts';
import {
  type FromThread,
  type Sent,
  sendOutcomes,
  sentError,
  sentFailure,
  sentValue,
  type ToThread,
} from './thread.ts';

function outcomeOf(reading: Reading, request: SearchRequest): Sent {
  try {
    return sentValue(reading.search(request));
  } catch (error) {
    return sentFailure(storeError(error));
  }
}

const send = (message: FromThread): void => parentPort?.postMessage(message);

try {
  const db = openReader((workerData as StoreFile).file);
  const reading = createReading(db);
  parentPort?.on('message', (message: ToThread<SearchRequest>) => {
    if (message) {
      const asked = typeof message === 'string' ? (JSON.parse(message) as [number, SearchRequest][]) : [message];
      // Each is told as soon as it is found.
      for (const [number, request] of asked) sendOutcomes([[number, outcomeOf(reading, request)]], send);
      return;
    }
    db.close();
    parentPort?.close();
  });
  send({ ready: true });
} catch (error) {
  send({ failed: sentError(error) });
}
