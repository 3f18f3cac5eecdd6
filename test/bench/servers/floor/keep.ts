// The ways to keep a row durably: not at all, on the main thread, by a writer thread.
import { Worker } from 'node:worker_threads';
import type { FloorSetup } from './parts.ts';
import { type Change, openRows, type RowsFile } from './rows.ts';

/** Resolves once the row is on the disk. */
export type Keep = (id: string, row: string) => Promise<void>;

export async function openKeep({ store, ...rows }: FloorSetup): Promise<Keep> {
  if (store === 'none') return async () => undefined;
  return store === 'thread' ? await byThread(rows) : inPlace(rows);
}

function inPlace(rows: RowsFile): Keep {
  const write = openRows<Change & { done(): void }>(rows, changes => {
    for (const { done } of changes) done();
  });
  return (id, row) => new Promise(done => write({ id, row, done }));
}

async function byThread(rows: RowsFile): Promise<Keep> {
  const worker = new Worker(new URL('./writer.js', import.meta.url), {
    workerData: { file: rows.file, devices: rows.devices },
  });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  const waiting = new Map<number, () => void>();
  worker.on('message', (committed: number[]) => {
    for (const number of committed) {
      waiting.get(number)?.();
      waiting.delete(number);
    }
  });
  let last = 0;
  return (id, row) =>
    new Promise(done => {
      waiting.set(++last, done);
      worker.postMessage({ number: last, id, row });
    });
}
