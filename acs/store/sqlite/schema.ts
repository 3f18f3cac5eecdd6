// The tables of the SQLite store, as the steps that lead to them, and the connections to them.
import { createHash } from 'node:crypto';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { UserError } from '../../../shared/errors.ts';
import { addFilterFunctions } from './filter.ts';

/** "Tndm": tells our files from other SQLite databases. */
const APPLICATION_ID = 0x546e646d;

/** Each step leads from one version to the next (`user_version`); a step that was released is never changed. */
export const migrations: readonly (string | ((db: DatabaseSyncInstance) => void))[] = [
  `
  -- Narrow, so that a search can read all of it: what is filtered and sorted by. Unknown is '' or 0.
  CREATE TABLE devices (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    username TEXT,
    next_username TEXT,
    oui TEXT NOT NULL,
    product_class TEXT NOT NULL,
    serial TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    firmware TEXT NOT NULL,
    firmware_key TEXT NOT NULL,
    hardware TEXT NOT NULL,
    address TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    last_inform REAL NOT NULL,
    last_boot REAL NOT NULL,
    online_until REAL NOT NULL
  ) STRICT;
  CREATE INDEX devices_username ON devices (username) WHERE username IS NOT NULL;
  CREATE INDEX devices_next_username ON devices (next_username) WHERE next_username IS NOT NULL;
  CREATE INDEX devices_oui ON devices (oui, id);
  CREATE INDEX devices_product_class ON devices (product_class, id);
  CREATE INDEX devices_serial ON devices (serial, id);
  CREATE INDEX devices_firmware ON devices (firmware_key, id);
  CREATE INDEX devices_state ON devices (state, id);
  CREATE INDEX devices_created ON devices (created, id);
  CREATE INDEX devices_last_inform ON devices (last_inform, id);

  -- The hot row itself, JSON.
  CREATE TABLE rows (
    device INTEGER PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE tags (
    tag TEXT NOT NULL,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    PRIMARY KEY (tag, device)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tags_device ON tags (device);

  -- The cold parameter trees, against one dictionary of paths.
  CREATE TABLE paths (pk INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE parameters (
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    path INTEGER NOT NULL,
    value TEXT NOT NULL,
    type TEXT NOT NULL,
    writable INTEGER,
    notification INTEGER,
    time REAL NOT NULL,
    PRIMARY KEY (device, path)
  ) STRICT, WITHOUT ROWID;

  -- Open tasks and faults live in their device's row: here only where, so that they are found by id and in order.
  CREATE TABLE open_tasks (
    id TEXT PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    created REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX open_tasks_device ON open_tasks (device);
  CREATE INDEX open_tasks_created ON open_tasks (created, id);
  CREATE TABLE faults (
    id TEXT PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    last REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX faults_device ON faults (device);
  CREATE INDEX faults_last ON faults (last, id);
  CREATE TABLE ended_tasks (
    id TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    created REAL NOT NULL,
    ended REAL NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX ended_tasks_device ON ended_tasks (device, created, id);
  CREATE INDEX ended_tasks_created ON ended_tasks (created, id);
  CREATE INDEX ended_tasks_ended ON ended_tasks (ended);

  CREATE TABLE generations (kind TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE documents (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    changed REAL NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT;
  CREATE TABLE bytes (name TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT;
  `,
  `
  CREATE TABLE audit (
    pk INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_time ON audit (time);

  -- What the last Informs told lies beside the row: it is long, and seldom changes or is looked into.
  ALTER TABLE rows ADD COLUMN told TEXT NOT NULL DEFAULT '{}';
  UPDATE rows SET told = json_extract(body, '$.values'), body = json_remove(body, '$.values', '$.claim');
  `,
  `
  -- When the watch over liveness has to look next (liveness.ts); 0 for never.
  ALTER TABLE devices ADD COLUMN due REAL NOT NULL DEFAULT 0;
  UPDATE devices SET due = online_until WHERE state = 'enrolled';
  CREATE INDEX devices_due ON devices (due) WHERE due > 0;
  `,
  `
  -- Contents of files, in chunks of 64 KB. Without a name: still being written, or replaced and perhaps still being read.
  CREATE TABLE contents (
    -- Never used again: who reads a content must not come upon another one.
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT UNIQUE,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    -- When all of it had come; without a name: the last sign of who writes or reads it, below 0 once it is being deleted.
    at REAL NOT NULL
  ) STRICT;
  CREATE INDEX contents_loose ON contents (at) WHERE name IS NULL;
  CREATE TABLE content_chunks (
    content INTEGER NOT NULL REFERENCES contents,
    number INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (content, number)
  ) STRICT;
  `,
  cutFiles,
  `
  ALTER TABLE devices ADD COLUMN rollout TEXT NOT NULL DEFAULT '';
  ALTER TABLE devices ADD COLUMN rollout_state TEXT NOT NULL DEFAULT '';
  ALTER TABLE devices ADD COLUMN rollout_zone TEXT NOT NULL DEFAULT '';
  ALTER TABLE devices ADD COLUMN rollout_wave REAL NOT NULL DEFAULT 0;
  ALTER TABLE devices ADD COLUMN rollout_due REAL NOT NULL DEFAULT 0;
  CREATE INDEX devices_rollout ON devices (rollout, id);
  CREATE INDEX devices_rollout_state ON devices (rollout, rollout_state, rollout_zone, rollout_wave, id);
  CREATE INDEX devices_rollout_due ON devices (rollout_state, rollout_due, id);
  `,
  `
  -- Notices on their way to webhooks.
  CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook TEXT NOT NULL,
    due REAL NOT NULL,
    created REAL NOT NULL,
    attempts INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    error TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX deliveries_due ON deliveries (webhook, dead, due, id);
  CREATE INDEX deliveries_created ON deliveries (webhook, dead, created, id);
  `,
  `
  -- What devices did and told over time (series.ts).
  CREATE TABLE series (
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    path INTEGER NOT NULL,
    level INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    n INTEGER NOT NULL,
    sum REAL NOT NULL,
    min REAL NOT NULL,
    max REAL NOT NULL,
    PRIMARY KEY (device, level, path, slot)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE device_events (
    pk INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    time REAL NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX device_events_device ON device_events (device, pk);
  `,
];

/** Where the store lies, and how large the file may grow. */
export interface StoreFile {
  /** A path, or `:memory:`. */
  file: string;
  /** No limit by default but the disk. */
  maxBytes?: number;
}

export interface OwnedDatabase {
  db: DatabaseSyncInstance;
  close(): void;
}

/** What `tandem-acs backup` adds to a copy of the store: the files without which it is worth nothing, and a seal over it all. */
export const backupTables = `
  CREATE TABLE backup_files (name TEXT PRIMARY KEY, mode INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE TABLE backup_seal (time REAL NOT NULL, seal TEXT NOT NULL) STRICT;
`;

/** The one connection that writes: makes and migrates the tables. @throws UserError 503 for a file that cannot serve */
export function openWriter({ file, maxBytes }: StoreFile): OwnedDatabase {
  return guarded(file, () => {
    const lock = file === ':memory:' ? undefined : lockOf(file);
    const db = new DatabaseSync(file);
    const close = (): void => {
      db.close();
      lock?.close();
    };
    try {
      db.exec('PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON');
      if (lock) adopt(db, file);
      migrate(db, file);
      // A disk that takes nothing is found out here, not by the first session: SQLite opens such a file for reading without a word.
      db.exec(`PRAGMA user_version = ${migrations.length}`);
      // A long log lets a page that changes often be copied back once for many changes.
      db.exec('PRAGMA synchronous = FULL; PRAGMA cache_size = -64000; PRAGMA wal_autocheckpoint = 4000');
      db.exec('PRAGMA journal_size_limit = 67108864');
      if (maxBytes) db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pragma(db, 'page_size')))}`);
      addFilterFunctions(db);
      return {
        db,
        close: () => {
          settle(db);
          close();
        },
      };
    } catch (error) {
      close();
      throw error;
    }
  });
}

/** Files that were kept whole, into chunks. In SQL each chunk would read the whole file again. */
function cutFiles(db: DatabaseSyncInstance): void {
  const begin = db.prepare('INSERT INTO contents (name, size, sha256, at) VALUES (?, ?, ?, 0) RETURNING pk');
  const put = db.prepare('INSERT INTO content_chunks (content, number, body) VALUES (?, ?, ?)');
  const read = db.prepare('SELECT body FROM bytes WHERE name = ?');
  for (const { name } of db.prepare('SELECT name FROM bytes').all() as { name: string }[]) {
    const { body } = read.get(name) as { body: Uint8Array };
    const sha256 = createHash('sha256').update(body).digest('hex');
    const { pk } = begin.get(name, body.length, sha256) as { pk: number };
    for (let at = 0; at < body.length; at += 65_536) put.run(pk, at / 65_536, body.subarray(at, at + 65_536));
  }
  db.exec('DROP TABLE bytes');
}

/** Empties the log into the file, so that a stopped server's file is whole by itself. */
function settle(db: DatabaseSyncInstance): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A full or failing disk: what the file does not take stays in the log, and the next start reads it there.
  }
}

/**
 * Generations and path numbers are kept in memory, so one process owns the file. The lock is that of an empty database beside it,
 * because the system frees it with the process, however that ends.
 */
export function lockOf(file: string): DatabaseSyncInstance {
  const lock = new DatabaseSync(`${file}-lock`);
  try {
    lock.exec('PRAGMA busy_timeout = 500; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** A connection for reading, beside the writer of this process. */
export function openReader(file: string): DatabaseSyncInstance {
  return guarded(file, () => {
    const db = new DatabaseSync(file, { readOnly: true });
    db.exec('PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA cache_size = -16000');
    addFilterFunctions(db);
    return db;
  });
}

const foreign = (file: string): UserError =>
  new UserError(503, 'not-a-store', `${file} is a database of another program`);

/** @returns the store version of a file that is ours. @throws UserError 503 for any other, and for one of a newer version */
export function versionOf(db: DatabaseSyncInstance, file: string): { version: number; current: number } {
  if (pragma(db, 'application_id') !== APPLICATION_ID) throw foreign(file);
  const version = pragma(db, 'user_version');
  if (version > migrations.length) throw tooNew(file, version);
  return { version, current: migrations.length };
}

export const isBackup = (db: DatabaseSyncInstance): boolean =>
  db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'backup_seal'`).get() !== undefined;

function adopt(db: DatabaseSyncInstance, file: string): void {
  const id = pragma(db, 'application_id');
  const tables = db.prepare(`SELECT count(*) AS n FROM sqlite_schema`).get() as { n: number };
  if (id !== APPLICATION_ID && tables.n > 0) throw foreign(file);
  if (isBackup(db))
    throw new UserError(503, 'is-a-backup', `${file} is a backup, which must not change: bring it back with restore`);
  db.exec('PRAGMA journal_mode = WAL');
  if (id !== APPLICATION_ID) db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
}

const tooNew = (file: string, version: number): UserError =>
  new UserError(
    503,
    'store-too-new',
    `${file} was written by a newer version of this program (store version ${version}, this one knows up to ${migrations.length})`,
  );

function migrate(db: DatabaseSyncInstance, file: string): void {
  const version = pragma(db, 'user_version');
  if (version > migrations.length) throw tooNew(file, version);
  for (let step = version; step < migrations.length; step++) {
    db.exec('BEGIN IMMEDIATE');
    try {
      const work = migrations[step]!;
      if (typeof work === 'string') db.exec(work);
      else work(db);
      db.exec(`PRAGMA user_version = ${step + 1}; COMMIT`);
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

const pragma = (db: DatabaseSyncInstance, name: string): number =>
  Number(Object.values(db.prepare(`PRAGMA ${name}`).get() as Record<string, unknown>)[0]);

export function guarded<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw storeError(error, file);
  }
}

/** What SQLite says of the disk or the file, as an operator's error; anything else unchanged. */
export function storeError(error: unknown, file = 'the store'): unknown {
  if (!(error instanceof Error)) return error;
  const { sqliteCodeName, code } = error as { sqliteCodeName?: unknown; code?: unknown };
  // What fails in the middle of reading rows comes with SQLite's text alone.
  const name = sqliteCodeName ?? (code === 'ERR_SQLITE_ERROR' ? sqliteTexts[error.message] : undefined);
  if (typeof name !== 'string') return error;
  const told = Object.entries(diskTroubles).find(([code]) => name.startsWith(code))?.[1];
  return told ? new UserError(told.status, told.code, `${file}: ${told.text} (${error.message})`) : error;
}

const sqliteTexts: Readonly<Record<string, string>> = {
  'database disk image is malformed': 'SQLITE_CORRUPT',
  'disk I/O error': 'SQLITE_IOERR',
};

const diskTroubles: Readonly<Record<string, { status: number; code: string; text: string }>> = {
  SQLITE_FULL: { status: 507, code: 'store-full', text: 'the disk is full; nothing was changed' },
  SQLITE_READONLY: { status: 503, code: 'store-read-only', text: 'it cannot be written; nothing was changed' },
  SQLITE_IOERR: { status: 503, code: 'store-io', text: 'the disk fails' },
  SQLITE_CANTOPEN: { status: 503, code: 'store-cannot-open', text: 'it cannot be opened' },
  SQLITE_NOTADB: { status: 503, code: 'not-a-store', text: 'it is no database' },
  SQLITE_CORRUPT: { status: 503, code: 'store-corrupt', text: 'it is damaged' },
  SQLITE_BUSY: { status: 503, code: 'store-busy', text: 'another program holds it' },
};
