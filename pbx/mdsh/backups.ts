// Backups of the exchange's data: one file each, a row a line, with a checksum at the end; the oldest go when there are too many.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Turns } from '../../shared/turns.ts';
import { type Change, tableNames } from '../exchange/data.ts';
import { syncFolder } from '../exchange/journal-file.ts';
import { NotExecuted } from './command.ts';

/** Backups that are kept. */
export const MAX_BACKUPS = 20;
/** Bytes of a backup that is read: beyond any that this exchange writes. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Characters that are written or read without a break. */
const PORTION = 64 * 1024;

export interface Backup {
  name: string;
  bytes: number;
}

const namePattern = /^exchange-\d{8}-\d{9}\.backup$/;

/** The oldest first. */
export async function listBackups(folder: string): Promise<Backup[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const ours = names.filter(name => namePattern.test(name)).sort();
  return await Promise.all(ours.map(async name => ({ name, bytes: (await stat(join(folder, name))).size })));
}

/** Writes a backup and returns its name; it is on disk then. */
export async function writeBackup(folder: string, rows: readonly Change[], now: number): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeUnfinished(folder);
  const before = await listBackups(folder);
  const name = nameAt(now, before.at(-1)?.name);
  const fresh = join(folder, `${name}.new`);
  const file = await open(fresh, 'w', 0o600);
  try {
    const hash = createHash('sha256');
    const turns = new Turns(PORTION);
    let text = '';
    for (const row of rows) {
      text += `${JSON.stringify(row)}\n`;
      await turns.spent(text.length);
      if (text.length < PORTION) continue;
      hash.update(text);
      await file.appendFile(text);
      text = '';
    }
    hash.update(text);
    await file.appendFile(`${text}end ${rows.length} ${hash.digest('hex')}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(fresh, join(folder, name));
  await syncFolder(folder);
  for (const old of before.slice(0, Math.max(0, before.length + 1 - MAX_BACKUPS))) await rm(join(folder, old.name));
  return name;
}

/** Removes what a backup left that did not come to its end: a full disk, or the end of the process. */
async function removeUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter(one => one.endsWith('.backup.new'))) await rm(join(folder, name));
}

/** A name of the present time, later than that of the last backup. */
function nameAt(now: number, last: string | undefined): string {
  const digits = new Date(now).toISOString().replace(/\D/g, '');
  const name = `exchange-${digits.slice(0, 8)}-${digits.slice(8)}.backup`;
  if (last === undefined || name > last) return name;
  const [, day = '', time = ''] = last.split(/[-.]/);
  return `exchange-${day}-${String(Number(time) + 1).padStart(9, '0')}.backup`;
}

/** Rows of a backup. @throws NotExecuted for one that is damaged */
export async function readBackup(folder: string, { name, bytes }: Backup): Promise<Change[]> {
  if (bytes > MAX_BYTES) throw new NotExecuted(`BACKUP ${name} IS TOO LARGE`);
  const text = await readFile(join(folder, name), 'utf8');
  const start = text.lastIndexOf('\n', text.length - 2) + 1;
  const [word, count, sum] = text.slice(start).trimEnd().split(' ');
  const rows = text.slice(0, start);
  if (word !== 'end' || createHash('sha256').update(rows).digest('hex') !== sum) throw damaged(name);
  const turns = new Turns(PORTION);
  const changes: Change[] = [];
  for (const line of rows.split('\n').slice(0, -1)) {
    changes.push(changeOf(line, name));
    await turns.spent(line.length);
  }
  if (String(changes.length) !== count) throw damaged(name);
  return changes;
}

function changeOf(line: string, name: string): Change {
  const change = JSON.parse(line) as Change;
  if (!tableNames.includes(change.table) || typeof change.key !== 'string') throw damaged(name);
  return change;
}

const damaged = (name: string): NotExecuted => new NotExecuted(`BACKUP ${name} IS DAMAGED`);
