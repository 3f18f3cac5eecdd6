// One row a device in SQLite, changed in group commits of 5 ms: as durable as the store of the ACS, and no more than that.
import { DatabaseSync } from '@photostructure/sqlite';

export interface RowsFile {
  file: string;
  /** Rows that it has at first. */
  devices: number;
}

export interface Change {
  id: string;
  row: string;
}

const GROUP_MS = 5;

/** @returns a function that writes a change and calls `done` once it is committed, with all that were committed beside it */
export function openRows<C extends Change>(
  { file, devices }: RowsFile,
  done: (changes: C[]) => void,
): (change: C) => void {
  const db = new DatabaseSync(file);
  db.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; CREATE TABLE device (id TEXT PRIMARY KEY, row TEXT) WITHOUT ROWID',
  );
  const put = db.prepare('INSERT INTO device VALUES (?, ?) ON CONFLICT(id) DO UPDATE SET row = excluded.row');
  const filler = JSON.stringify({
    values: Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`Device.Parameter.${n}`, `value ${n}`])),
  });
  db.exec('BEGIN');
  for (let n = 0; n < devices; n++) put.run(String(n).padStart(8, '0'), filler);
  db.exec('COMMIT');

  let waiting: C[] = [];
  const commit = (): void => {
    const group = waiting;
    waiting = [];
    db.exec('BEGIN');
    for (const { id, row } of group) put.run(id, row);
    db.exec('COMMIT');
    done(group);
  };
  return change => {
    if (waiting.push(change) === 1) setTimeout(commit, GROUP_MS);
  };
}
