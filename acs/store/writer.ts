// The writer thread: the only connection that changes the store. Requests that come while a commit runs form the next group; under
// load a group also waits a little for company, so that many changes share one flush to the disk.
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../shared/clock.ts';
import { bulkOf, writePacking } from './packing.ts';
import { openWriter, type StoreFile } from './schema.ts';
import {
  type Batch,
  type Bulk,
  type FromThread,
  sentError,
  sentFailure,
  sentValue,
  type ToThread,
  unpacked,
} from './thread.ts';
import { createWriting, type WriteRequest, type Writing, type Written } from './writing.ts';

/** Shortest time from one commit to the next once several changes come at a time; a lone one goes at once. */
const GROUP_MS = 5;
const CROWD = 3;
/** Bounds how long one group may take. */
const MAX_GROUP = 500;

/** What the device told is not sent back where it is what was sent here. */
const sentWritten = ({ value, text, told }: Written, request: WriteRequest): [string, Bulk] =>
  sentValue(value, text, told === bulkOf(request) ? undefined : told);

function serve(writing: Writing, close: () => void): void {
  const clock = systemClock();
  let queue: [number, WriteRequest][] = [];
  let scheduled = false;
  let lastCommit = Number.NEGATIVE_INFINITY;
  let lastSize = 0;

  const commit = (): void => {
    const group = queue.slice(0, MAX_GROUP);
    queue = queue.slice(MAX_GROUP);
    const outcomes = writing.commit(group.map(([, request]) => request));
    lastCommit = clock.monotonic();
    lastSize = group.length;
    const sent: Batch = [];
    for (const [index, outcome] of outcomes.entries()) {
      const [number, request] = group[index]!;
      sent.push(number, ...(outcome.ok ? sentWritten(outcome, request) : sentFailure(outcome.error)));
    }
    send(sent);
  };
  const due = (): void => {
    scheduled = false;
    if (queue.length > 0) commit();
    schedule();
  };
  const schedule = (): void => {
    if (scheduled || queue.length === 0) return;
    scheduled = true;
    const lone = Math.max(lastSize, queue.length) < CROWD;
    const wait = lone || queue.length >= MAX_GROUP ? 0 : lastCommit + GROUP_MS - clock.monotonic();
    if (wait <= 0) setImmediate(due);
    else clock.after(wait, due);
  };

  parentPort?.on('message', (batch: ToThread) => {
    if (batch) {
      queue.push(...unpacked(batch, writePacking));
      return schedule();
    }
    while (queue.length > 0) commit();
    close();
    parentPort?.close();
  });
}

const send = (message: FromThread): void => parentPort?.postMessage(message);

try {
  const { db, close } = openWriter(workerData as StoreFile);
  serve(createWriting(db), () => {
    try {
      db.exec('PRAGMA optimize');
    } catch {
      // It writes what it found out, which a full disk does not take: the next stop will.
    }
    close();
  });
  send({ ready: true });
} catch (error) {
  send({ failed: sentError(error) });
}
