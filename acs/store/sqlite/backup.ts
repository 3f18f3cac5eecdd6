// Backups: a copy of the store's file, taken while the server runs, with the small files that it needs, and a seal that detects any byte
// that changes afterwards.
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { UserError } from '../../errors.ts';
import { checkStore, type StoreCheck } from './check.ts';
import { backupTables, isBackup, openReader } from './schema.ts';
import { guarded } from './store-error.ts';

/** A file of the data directory that the backup carries; `name` is its path there, with `/`. */
export interface CarriedFile {
  name: string;
  mode: number;
  body: Buffer;
}

/** Placeholder of the digest; the hash takes these bytes as zeros. */
const UNSEALED = '0'.repeat(64);
const CHUNK = 1024 * 1024;

/**
 * Writes all of `from`, as it is at one instant, into `to`, an empty file; not synced.
 * @param about.mark new for each backup
 * @throws UserError 507, 503 when a disk does not allow it
 */
export async function copyStore(
  from: string,
  to: string,
  about: { files: readonly CarriedFile[]; time: number; mark: string },
): Promise<void> {
  const source = openReader(from);
  try {
    // VACUUM INTO writes only the other file. The server's log grows meanwhile, because no checkpoint passes a reader.
    source.exec('PRAGMA query_only = OFF');
    guarded(`backup of ${from}`, () => source.prepare('VACUUM INTO ?').run(to));
  } finally {
    source.close();
  }
  const sealText = `${about.mark}:${UNSEALED}`;
  withDatabase(to, db => {
    // A copy that fails here is deleted as a whole.
    db.exec(`PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN; ${backupTables}`);
    const put = db.prepare('INSERT INTO backup_files (name, mode, body) VALUES (?, ?, ?)');
    for (const { name, mode, body } of about.files) put.run(name, mode, body);
    db.prepare('INSERT INTO backup_seal (time, seal) VALUES (?, ?)').run(about.time, sealText);
    db.exec('COMMIT');
  });
  const file = await open(to, 'r+');
  try {
    const { at, digest } = await sealOf(file, about.mark, to);
    await file.write(digest, at, 'latin1');
  } finally {
    await file.close();
  }
}

/** Checks a store, or a backup with its seal. @throws UserError 503 for a file that is neither */
export async function checkFile(file: string): Promise<StoreCheck & { backup?: { time: number } }> {
  await mustExist(file);
  const db = openReader(file);
  try {
    const checked = guarded(file, () => checkStore(db, file));
    if (!guarded(file, () => isBackup(db))) return checked;
    const { time, broken } = await unsealed(db, file);
    return { ...checked, problems: [...(broken ? [broken] : []), ...checked.problems], backup: { time } };
  } finally {
    db.close();
  }
}

/** @throws UserError 503 for a file that is no backup */
export function carriedFiles(file: string): CarriedFile[] {
  const db = openReader(file);
  try {
    return guarded(file, () => {
      if (!isBackup(db)) throw new UserError(503, 'not-a-backup', `${file} was not made by tandem-acs backup`);
      const rows = db.prepare('SELECT name, mode, body FROM backup_files ORDER BY name').all();
      return (rows as { name: string; mode: number; body: Uint8Array }[]).map(row => ({
        ...row,
        body: Buffer.from(row.body),
      }));
    });
  } finally {
    db.close();
  }
}

/** Makes a store of a copy of a backup: nothing of the carried files stays in it. */
export function unpackStore(file: string): void {
  withDatabase(file, db => {
    db.exec('PRAGMA journal_mode = MEMORY; PRAGMA secure_delete = ON');
    db.exec('BEGIN; DROP TABLE backup_files; DROP TABLE backup_seal; COMMIT');
  });
}

function withDatabase(file: string, work: (db: DatabaseSyncInstance) => void): void {
  guarded(file, () => {
    const db = new DatabaseSync(file);
    try {
      work(db);
    } finally {
      db.close();
    }
  });
}

async function mustExist(file: string): Promise<void> {
  try {
    await (await open(file, 'r')).close();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(503, 'store-cannot-open', missing ? `${file}: no such file` : `${file}: cannot be read`);
  }
}

/** Compares the seal with the file's bytes. */
async function unsealed(db: DatabaseSyncInstance, path: string): Promise<{ time: number; broken?: string }> {
  const broken = 'the seal does not fit: the file is not as it was when the backup was made';
  const row = guarded(path, () => db.prepare('SELECT time, seal FROM backup_seal').get()) as
    | { time: number; seal: string }
    | undefined;
  const [, mark = '', sealed] = /^(tandem-backup-[0-9a-f]{32}):([0-9a-f]{64})$/.exec(row?.seal ?? '') ?? [];
  const time = row?.time ?? 0;
  if (!sealed) return { time, broken };
  const file = await open(path, 'r');
  try {
    const { digest } = await sealOf(file, mark, path);
    return digest === sealed ? { time } : { time, broken };
  } finally {
    await file.close();
  }
}

/** SHA-256 of the file with zeros in place of the digest, and that place. @throws UserError 503 when the mark is not there */
async function sealOf(file: FileHandle, mark: string, path: string): Promise<{ at: number; digest: string }> {
  const place = await find(file, `${mark}:`);
  if (place < 0) throw new UserError(503, 'store-corrupt', `${path}: it is damaged (the place of its seal is gone)`);
  const at = place + mark.length + 1;
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(CHUNK);
  for (let offset = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK, offset);
    if (bytesRead === 0) return { at, digest: hash.digest('hex') };
    const from = Math.max(at, offset);
    const to = Math.min(at + UNSEALED.length, offset + bytesRead);
    if (from < to) chunk.fill('0', from - offset, to - offset);
    hash.update(chunk.subarray(0, bytesRead));
    offset += bytesRead;
  }
}

/** The offset of the text in the file; -1 when it is not there. */
async function find(file: FileHandle, text: string): Promise<number> {
  const chunk = Buffer.alloc(CHUNK);
  for (let offset = 0; ; offset += CHUNK - text.length) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK, offset);
    const at = chunk.subarray(0, bytesRead).indexOf(text);
    if (at >= 0) return offset + at;
    if (bytesRead < CHUNK) return -1;
  }
}
