// The writer thread of the floor: takes changes, and says which are committed.
import { parentPort, workerData } from 'node:worker_threads';
import { type Change, openRows, type RowsFile } from './rows.ts';

export interface Numbered extends Change {
  number: number;
}

const write = openRows<Numbered>(workerData as RowsFile, changes =>
  parentPort?.postMessage(changes.map(({ number }) => number)),
);
parentPort?.on('message', (change: Numbered) => write(change));
// Rows are there: the first change can come.
parentPort?.postMessage([]);
