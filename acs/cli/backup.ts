// Backup and restore: one file with the store and the secrets of the data directory, written whole or not at all.
import { chown, copyFile, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock, Random } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import { UserError } from '../errors.ts';
import { putSecrets, secretsOf, syncFolder, unusable } from '../server/data-directory.ts';
import { carriedFiles, checkFile, copyStore, unpackStore } from '../store/sqlite/backup.ts';
import type { StoreCheck } from '../store/sqlite/check.ts';
import { lockOf } from '../store/sqlite/schema.ts';
import { guarded } from '../store/sqlite/store-error.ts';

/** The places where an ACS stores its data. */
export interface DataLocation {
  /** The data directory. */
  data: string;
  /** The store's file. */
  store: string;
}

interface BackupContext {
  clock: Clock;
  random: Random;
  /** Existing files may be replaced. */
  force: boolean;
}

/** @throws UserError when the backup cannot be written completely or is not sound; then no new file remains */
export async function backUp(
  location: DataLocation,
  file: string,
  { clock, random, force }: BackupContext,
): Promise<{ check: StoreCheck; bytes: number }> {
  if (!force && (await exists(file)))
    throw new UserError(409, 'file-exists', `${file} exists already; --force replaces it`);
  if (!(await exists(location.store))) throw new UserError(404, 'no-store', `${location.store}: no such store`);
  const files = await secretsOf(location.data);
  const mark = `tandem-backup-${random.bytes(16).toString('hex')}`;
  const part = `${file}.part-${mark.slice(-8)}`;
  try {
    await onDisk(part, async () => await (await open(part, 'wx', 0o600)).close());
    await copyStore(location.store, part, { files, time: clock.now(), mark });
    const check = await checkFile(part);
    if (check.problems.length > 0)
      throw new UserError(503, 'store-corrupt', `no backup made, the store is damaged: ${check.problems[0]}`);
    await onDisk(file, async () => {
      await sync(part);
      await (force ? rename(part, file) : nameNew(part, file));
      await syncFolder(dirname(file));
    });
    return { check, bytes: (await stat(file)).size };
  } finally {
    await rm(part, { force: true });
  }
}

/**
 * Restores a backup: the store and the secrets.
 * @returns the new names of the files that were there before
 * @throws UserError while a server runs, for a damaged backup, and for an existing store unless `force`
 */
export async function restore(
  location: DataLocation,
  file: string,
  { clock, random, force }: BackupContext,
): Promise<{ check: StoreCheck; aside: string[] }> {
  const check = await checkFile(file);
  if (check.problems.length > 0)
    throw new UserError(503, 'store-corrupt', `${file} is damaged, nothing was changed: ${check.problems[0]}`);
  const files = carriedFiles(file);
  if (!force) await refuseExisting(location, files);
  await makeDirectories(location);
  const lock = holdStore(location.store);
  const fresh = `${location.store}.restored`;
  try {
    await onDisk(fresh, async () => {
      await (await open(fresh, 'w', 0o600)).close();
      await copyFile(file, fresh);
    });
    unpackStore(fresh);
    await onDisk(fresh, async () => await sync(fresh));
    let aside: string[] = [];
    const written = await putSecrets(location.data, files, async () => {
      aside = await onDisk(
        location.store,
        async () => await replaceStore(location.store, fresh, suffixAt(clock, random)),
      );
    });
    await giveToOwner(location, written);
    return { check, aside };
  } finally {
    lock.close();
    await rm(fresh, { force: true });
  }
}

const suffixAt = (clock: Clock, random: Random): string =>
  `before-${new Date(clock.now()).toISOString().slice(0, 19).replace(/[-:]/g, '')}-${random.bytes(2).toString('hex')}`;

async function refuseExisting(location: DataLocation, files: readonly { name: string; body: Buffer }[]): Promise<void> {
  if (await exists(location.store))
    throw new UserError(409, 'store-exists', `${location.store} exists already; --force moves it aside`);
  // Without a server key there are no secrets that could be lost.
  const existing = (await exists(join(location.data, 'server-key'))) ? await secretsOf(location.data) : [];
  const other = existing.find(({ name, body }) => files.some(file => file.name === name && !file.body.equals(body)));
  if (other)
    throw new UserError(
      409,
      'secrets-differ',
      `${join(location.data, other.name)} differs from the backup; --force replaces it`,
    );
}

async function makeDirectories({ data, store }: DataLocation): Promise<void> {
  await onDisk(data, async () => {
    await mkdir(join(data, 'pki'), { recursive: true, mode: 0o700 });
    await mkdir(dirname(store), { recursive: true, mode: 0o700 });
  });
}

function holdStore(store: string): { close(): void } {
  try {
    return guarded(store, () => lockOf(store));
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'store-busy') throw error;
    throw new UserError(409, 'server-runs', `${store} is in use by a running server; stop it first`);
  }
}

/** Renames the old store together with its write-ahead log, which must not be applied to the new store. */
async function replaceStore(store: string, fresh: string, suffix: string): Promise<string[]> {
  const aside: string[] = [];
  for (const end of ['-wal', '-shm', '']) {
    const old = `${store}${end}`;
    if (!(await exists(old))) continue;
    // SQLite finds the log by the name of the store.
    const name = `${store}.${suffix}${end}`;
    if (end === '') await nameNew(old, name);
    else await rename(old, name);
    aside.push(name);
  }
  await rename(fresh, store);
  await syncFolder(dirname(store));
  return aside.reverse();
}

/** Gives a file a new name that must not exist; the old name may remain. */
async function nameNew(path: string, name: string): Promise<void> {
  try {
    await link(path, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new UserError(409, 'file-exists', `${name} exists already; --force replaces it`);
    // The file system has no hard links.
    await rename(path, name);
  }
}

/** Files restored by root get the owner of the data directory, so that the server can read them. */
async function giveToOwner({ data, store }: DataLocation, written: readonly string[]): Promise<void> {
  const { uid, gid } = await stat(data);
  if (process.getuid?.() !== 0 || uid === 0) return;
  const beside = (await readdir(dirname(store))).filter(name => name.startsWith(basename(store)));
  const paths = [...written, join(data, 'pki'), ...beside.map(name => join(dirname(store), name))];
  for (const path of paths) await chown(path, uid, gid);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw unusable(path, error);
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Turns errors of the operating system into a UserError. */
async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new UserError(503, 'cannot-write', `${path}: ${messageOf(error)}`);
  }
}
