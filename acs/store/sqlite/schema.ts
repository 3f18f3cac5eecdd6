// Connections to the file of the SQLite store: its lock, its version, and the migration of its tables.
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { makePrivate } from '../../../shared/private-files.ts';
import { UserError } from '../../errors.ts';
import { addFilterFunctions } from './filter.ts';
import { migrations } from './migrations.ts';
import { guarded } from './store-error.ts';

/** "Tndm": marks our files among other SQLite databases. */
const APPLICATION_ID = 0x546e646d;

/** The file of a store, and its largest size. */
export interface StoreFile {
  /** A path, or `:memory:`. */
  file: string;
  /** Default: only the disk limits it. */
  maxBytes?: number;
}

interface OwnedDatabase {
  db: DatabaseSyncInstance;
  close(): void;
}

/** The tables that a backup adds to the copy of a store: the files that it needs, and a seal over all of it. */
export const backupTables = `
  CREATE TABLE backup_files (name TEXT PRIMARY KEY, mode INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE TABLE backup_seal (time REAL NOT NULL, seal TEXT NOT NULL) STRICT;
`;

/** The one connection that writes: makes and migrates the tables. @throws UserError 503 for a file that cannot serve */
export function openWriter({ file, maxBytes }: StoreFile): OwnedDatabase {
  return guarded(file, () => {
    const lock = file === ':memory:' ? undefined : lockOf(file);
    // SQLite gives its log and its shared memory the mode of the file.
    if (lock) makePrivate(file);
    const db = new DatabaseSync(file);
    const close = (): void => {
      db.close();
      lock?.close();
    };
    try {
      db.exec('PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON');
      if (lock) adopt(db, file);
      migrate(db, file);
      // A write, so that a read-only file fails here and not in the first session: SQLite opens such a file for reading without an error.
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

/** Moves the log into the file, so that the file of a stopped server is complete by itself. */
function settle(db: DatabaseSyncInstance): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // On a full or failing disk the rest stays in the log, where the next start reads it.
  }
}

/**
 * Locks the file: generations and path numbers are kept in memory, so only one process may own it. The lock is that of an empty database
 * beside it, because the system frees it with the process, however that ends.
 */
export function lockOf(file: string): DatabaseSyncInstance {
  makePrivate(`${file}-lock`);
  const lock = new DatabaseSync(`${file}-lock`);
  try {
    lock.exec('PRAGMA busy_timeout = 500; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** A connection that copies the log into the file, beside the writer of this process. */
export function openCheckpointer(file: string): DatabaseSyncInstance {
  return guarded(file, () => {
    const db = new DatabaseSync(file);
    db.exec('PRAGMA synchronous = FULL');
    return db;
  });
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

/** @returns the version of a store's file. @throws UserError 503 for any other file, and for one of a newer version */
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
    throw new UserError(503, 'is-a-backup', `${file} is a backup, which must not change: use tandem-acs restore`);
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
