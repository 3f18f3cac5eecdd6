// The data directory: the server's key, the admin token, the own CA. Each is made once, written whole, readable by the owner alone.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock, Random } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Authority } from '../../shared/pki/authority.ts';
import { UserError } from '../errors.ts';
import type { CarriedFile } from '../store/sqlite/backup.ts';
import { lockOf } from '../store/sqlite/schema.ts';

export interface DataDirectory {
  /** 32 bytes: everything secret is derived from it or sealed with it. */
  serverKey: Buffer;
  /** The admin's token; made and kept in `admin-token` when first asked for. */
  adminToken(): Promise<{ token: string; file: string }>;
  /** The server's own CA, RSA: no DGW suite has ECDSA, and older gateways verify nothing else. */
  authority(): Promise<Authority>;
  caFile: string;
  /**
   * Names the directory on this machine: of two starts with the same name the earlier one has ended. The name of a copied directory is
   * another one, unless the machines have one name too.
   */
  node(): Promise<string>;
  /** Until it is let go, or this process ends, no other has it. @throws UserError 503 when another has it */
  lock(): () => void;
}

const KEY_BYTES = 32;

export const unusable = (path: string, error: unknown): UserError =>
  error instanceof UserError ? error : new UserError(503, 'data-unusable', `--data: ${path}: ${messageOf(error)}`);

/**
 * @param givenKey the file of a server key that is not the directory's own
 * @throws UserError 503 when the directory or a file in it cannot be read, written or understood
 */
export async function openData(
  directory: string,
  clock: Clock,
  random: Random,
  givenKey?: string,
): Promise<DataDirectory> {
  const pki = join(directory, 'pki');
  await mkdir(pki, { recursive: true, mode: 0o700 }).catch(error => {
    throw unusable(directory, error);
  });
  if ((await textOf(join(directory, UNFINISHED))) !== undefined)
    throw unusable(directory, new Error('a restore was interrupted there; run it again, with --force'));
  const serverKey = await keyIn(directory, givenKey, random);
  const tokenFile = join(directory, 'admin-token');
  const files = { cert: join(pki, 'ca.pem'), key: join(pki, 'ca.key') };
  return {
    serverKey,
    adminToken: async () => ({
      token: await secretFile(tokenFile, () => random.bytes(24).toString('base64url')),
      file: tokenFile,
    }),
    authority: async () => await ownAuthority(files, clock, random),
    caFile: files.cert,
    node: async () => {
      const id = await secretFile(join(directory, 'node-id'), () => random.bytes(8).toString('hex'));
      return createHash('sha256').update(`${id} ${hostname()}`).digest('hex').slice(0, 12);
    },
    lock: () => {
      try {
        const lock = lockOf(join(directory, 'serving'));
        return () => lock.close();
      } catch (error) {
        throw unusable(
          directory,
          new Error(`another server runs with it, or it cannot be written (${messageOf(error)})`),
        );
      }
    },
  };
}

async function keyIn(directory: string, given: string | undefined, random: Random): Promise<Buffer> {
  const file = given ?? join(directory, 'server-key');
  const text = given
    ? (await textOf(given))?.trim()
    : await secretFile(file, () => random.bytes(KEY_BYTES).toString('hex'));
  if (text === undefined)
    throw new UserError(
      503,
      'no-server-key',
      `--server-key: ${file}: there is none; openssl rand -hex ${KEY_BYTES} makes one`,
    );
  const key = Buffer.from(text, 'hex');
  if (key.length !== KEY_BYTES)
    throw unusable(file, new Error(`not ${KEY_BYTES} bytes in hexadecimal; all sealed secrets hang on this file`));
  return key;
}

/** Stands in the directory while the files of a backup are put back. */
const UNFINISHED = 'restore-unfinished';
const secretFiles = ['server-key', 'admin-token'];

/** All of the directory that a backup of the store needs beside it. @throws UserError 503 when the server's key is not there */
export async function secretsOf(directory: string): Promise<CarriedFile[]> {
  const inPki = await readdir(join(directory, 'pki'), { withFileTypes: true }).catch(() => []);
  const names = [...secretFiles, ...inPki.filter(entry => entry.isFile()).map(entry => `pki/${entry.name}`)];
  const files: CarriedFile[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const text = await textOf(path);
    if (text !== undefined) files.push({ name, mode: (await stat(path)).mode & 0o777, body: Buffer.from(text) });
  }
  if (!files.some(({ name }) => name === 'server-key'))
    throw unusable(directory, new Error('no server-key there, without which the secrets in a backup cannot be read'));
  return files;
}

/** Puts secrets back, and with them whatever `meanwhile` does: a server starts on all of it, or not at all. */
export async function putSecrets(
  directory: string,
  files: readonly CarriedFile[],
  meanwhile: () => Promise<void>,
): Promise<string[]> {
  const unfinished = join(directory, UNFINISHED);
  await writeWhole(unfinished, '', 0o600);
  const written: string[] = [];
  for (const { name, mode, body } of files) {
    // Only names that secretsOf makes: a backup is a file that someone may have made up.
    if (!secretFiles.includes(name) && !/^pki\/[\w.-]*\w$/.test(name)) continue;
    const path = join(directory, name);
    await writeWhole(path, body.toString('utf8'), mode);
    written.push(path);
  }
  await meanwhile();
  await rm(unfinished);
  await syncFolder(directory);
  return written;
}

/** @returns undefined when there is no such file */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(path, error);
  }
}

async function secretFile(path: string, make: () => string): Promise<string> {
  const known = (await textOf(path))?.trim();
  if (known) return known;
  const text = make();
  await writeWhole(path, `${text}\n`, 0o600);
  return text;
}

/** Either the old content or the new, whatever happens in between; when it resolves the new one stays, whatever happens after. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  try {
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw unusable(path, error);
  }
}

/** A new name is kept over a power cut only once its directory is synced. */
export async function syncFolder(path: string): Promise<void> {
  // A directory cannot be opened there, and its names need no sync.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function ownAuthority(files: { cert: string; key: string }, clock: Clock, random: Random): Promise<Authority> {
  // On use: a server without TLS needs none of it.
  const { createCa, loadAuthority } = await import('../../shared/pki/authority.ts');
  const [cert, key] = [await textOf(files.cert), await textOf(files.key)];
  if (cert !== undefined && key !== undefined) {
    try {
      return loadAuthority({ cert, key }, { clock, random });
    } catch (error) {
      throw new UserError(503, 'data-unusable', `--data: ${files.cert}, ${files.key}: ${messageOf(error)}`);
    }
  }
  // The key is written last: without it the certificate was never used.
  if (key !== undefined)
    throw unusable(
      files.cert,
      new Error(`missing, but its key ${files.key} is there; gateways trust that certificate`),
    );
  const name = `Tandem ACS ${random.bytes(4).toString('hex')}`;
  const authority = await createCa({ name, key: 'rsa', clock, random });
  await writeWhole(files.cert, authority.cert, 0o644);
  await writeWhole(files.key, authority.key, 0o600);
  return authority;
}
