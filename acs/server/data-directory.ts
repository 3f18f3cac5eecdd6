// The data directory: server key, admin token and built-in CA. Each file is made once, written whole, and readable by its owner only.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock, Random } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Authority } from '../../shared/pki/authority.ts';
import { tightenFiles } from '../../shared/private-files.ts';
import { UserError } from '../errors.ts';
import type { CarriedFile } from '../store/sqlite/backup.ts';
import { lockOf } from '../store/sqlite/schema.ts';

export interface DataDirectory {
  /** 32 bytes. All other keys are derived from it, and stored secrets are sealed with it. */
  serverKey: Buffer;
  /** The token of the admin, made on first use and kept in `admin-token`. */
  adminToken(): Promise<{ token: string; file: string }>;
  /** The built-in CA. It is RSA: no cipher suite of the DGW has ECDSA, and older gateways verify nothing else. */
  authority(): Promise<Authority>;
  caFile: string;
  /**
   * An id of the directory on this machine: of two starts with the same id, the earlier has ended. A copied directory has another id,
   * unless both machines have the same host name.
   */
  node(): Promise<string>;
  /** Holds the directory for this process. @returns releases it. @throws UserError 503 when another process holds it */
  lock(): () => void;
}

const KEY_BYTES = 32;

export const unusable = (path: string, error: unknown): UserError =>
  error instanceof UserError ? error : new UserError(503, 'data-unusable', `--data: ${path}: ${messageOf(error)}`);

/**
 * @param givenKey the file of a server key outside the directory
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
  if ((await readText(join(directory, UNFINISHED))) !== undefined)
    throw unusable(directory, new Error('a restore was interrupted; run it again with --force'));
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
        throw unusable(directory, new Error(`another server uses it, or it cannot be written (${messageOf(error)})`));
      }
    },
  };
}

async function keyIn(directory: string, given: string | undefined, random: Random): Promise<Buffer> {
  const file = given ?? join(directory, 'server-key');
  const text = given
    ? (await readText(given))?.trim()
    : await secretFile(file, () => random.bytes(KEY_BYTES).toString('hex'));
  if (text === undefined)
    throw new UserError(
      503,
      'no-server-key',
      `--server-key: ${file}: no such file; create it with: openssl rand -hex ${KEY_BYTES}`,
    );
  const key = Buffer.from(text, 'hex');
  if (key.length !== KEY_BYTES)
    throw unusable(file, new Error(`not ${KEY_BYTES} bytes in hexadecimal; this key protects all stored secrets`));
  return key;
}

/** Takes the rights of others off the secrets of a directory that was copied, or made by hand. */
export const tightenData = (directory: string, log: Log): Promise<void> =>
  tightenFiles(
    [...secretFiles, 'node-id', 'serving-lock', join('pki', 'ca.key')].map(name => join(directory, name)),
    log,
  );

/** Marks the directory while a backup is being restored. */
const UNFINISHED = 'restore-unfinished';
const secretFiles = ['server-key', 'admin-token'];

/** The files that a backup needs besides the store. @throws UserError 503 when the server key is missing */
export async function secretsOf(directory: string): Promise<CarriedFile[]> {
  const inPki = await readdir(join(directory, 'pki'), { withFileTypes: true }).catch(() => []);
  const names = [...secretFiles, ...inPki.filter(entry => entry.isFile()).map(entry => `pki/${entry.name}`)];
  const files: CarriedFile[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const text = await readText(path);
    if (text !== undefined) files.push({ name, mode: (await stat(path)).mode & 0o777, body: Buffer.from(text) });
  }
  if (!files.some(({ name }) => name === 'server-key'))
    throw unusable(directory, new Error('server-key is missing; without it the secrets of a backup cannot be read'));
  return files;
}

/** Restores secrets together with the work of `meanwhile`: until both are complete, no server starts in the directory. */
export async function putSecrets(
  directory: string,
  files: readonly CarriedFile[],
  meanwhile: () => Promise<void>,
): Promise<string[]> {
  const unfinished = join(directory, UNFINISHED);
  await writeWhole(unfinished, '', 0o600);
  const written: string[] = [];
  for (const { name, mode, body } of files) {
    // Only names that secretsOf makes: a backup may be a forged file.
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
async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(path, error);
  }
}

async function secretFile(path: string, make: () => string): Promise<string> {
  const known = (await readText(path))?.trim();
  if (known) return known;
  const text = make();
  await writeWhole(path, `${text}\n`, 0o600);
  return text;
}

/** Replaces a file atomically. When this resolves, the new content survives a power cut. */
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

/** A new name survives a power cut only after its directory is synced. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a directory, and its names need no sync.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function ownAuthority(files: { cert: string; key: string }, clock: Clock, random: Random): Promise<Authority> {
  // Loaded on use, since a server without TLS does not need it.
  const { createCa, loadAuthority } = await import('../../shared/pki/authority.ts');
  const [cert, key] = [await readText(files.cert), await readText(files.key)];
  if (cert !== undefined && key !== undefined) {
    try {
      return loadAuthority({ cert, key }, { clock, random });
    } catch (error) {
      throw new UserError(503, 'data-unusable', `--data: ${files.cert}, ${files.key}: ${messageOf(error)}`);
    }
  }
  // The key is written last, so a certificate without a key was never used.
  if (key !== undefined)
    throw unusable(files.cert, new Error(`missing, but its key ${files.key} exists; gateways trust that certificate`));
  const name = `Tandem ACS ${random.bytes(4).toString('hex')}`;
  const authority = await createCa({ name, key: 'rsa', clock, random });
  await writeWhole(files.cert, authority.cert, 0o644);
  await writeWhole(files.key, authority.key, 0o600);
  return authority;
}
