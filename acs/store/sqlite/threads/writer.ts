// The writer thread: the only connection that changes the store. The requests of one message share one flush to the disk.
import { parentPort, workerData } from 'node:worker_threads';
import { openWriter, type StoreFile } from '../schema.ts';
import type { WriteRequest, Written } from '../writes/write-request.ts';
import { SqliteWrites } from '../writes/writes.ts';
import { type Batch, type Bulk, type FromThread, type ToThread, unpacked } from './batch.ts';
import { Checkpoints } from './checkpoints.ts';
import { bulkOf, writePacking } from './packing.ts';
import { sentError, sentFailure, sentValue } from './thread.ts';

/** Bounds how long one group may take. */
const MAX_GROUP = 500;

/** The message of an outcome. The row's `told` is left out where it is the text that came with the request. */
const sentWritten = ({ value, text, told }: Written, request: WriteRequest): [string, Bulk] =>
  sentValue(value, text, told === bulkOf(request) ? undefined : told);

function serve(writes: SqliteWrites, checkpoints: Checkpoints, close: () => void): void {
  const commit = (group: readonly [number, WriteRequest][]): void => {
    const outcomes = writes.commit(group.map(([, request]) => request));
    const sent: Batch = [];
    for (const [index, outcome] of outcomes.entries()) {
      const [number, request] = group[index]!;
      sent.push(number, ...(outcome.ok ? sentWritten(outcome, request) : sentFailure(outcome.error)));
    }
    send(sent);
    checkpoints.committed();
  };

  parentPort?.on('message', (batch: ToThread) => {
    if (batch) {
      const requests = [...unpacked(batch, writePacking)];
      for (let at = 0; at < requests.length; at += MAX_GROUP) commit(requests.slice(at, at + MAX_GROUP));
      return;
    }
    void checkpoints.stop().then(() => {
      close();
      parentPort?.close();
    });
  });
}

const send = (message: FromThread): void => parentPort?.postMessage(message);

try {
  const place = workerData as StoreFile;
  const { db, close } = openWriter(place);
  serve(new SqliteWrites(db), new Checkpoints(db, place), () => {
    try {
      db.exec('PRAGMA optimize');
    } catch {
      // It writes statistics, which a full disk does not take: the next stop will.
    }
    close();
  });
  send({ ready: true });
} catch (error) {
  send({ failed: sentError(error) });
}
