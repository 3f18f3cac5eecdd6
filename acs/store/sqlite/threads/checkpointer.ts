// The checkpoint thread: copies the log of the store into its file on request, while the writer continues.
import { parentPort, workerData } from 'node:worker_threads';
import { openCheckpointer, type StoreFile } from '../schema.ts';

const db = openCheckpointer((workerData as StoreFile).file);
const copy = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');

parentPort?.on('message', (request: 'copy' | 'close') => {
  if (request === 'close') {
    db.close();
    parentPort?.close();
    return;
  }
  try {
    copy.get();
  } catch {
    // A full or failing disk: the log keeps what is not copied, and the next request tries again.
  }
  parentPort?.postMessage('copied');
});
