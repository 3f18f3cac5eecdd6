// Storage of a unit that survives a power cut at any instant: one snapshot file and, beside it, blobs.
// A file is written to a temporary name, synced, renamed, and the directory synced: a reader finds the old or the new one, complete.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../shared/errors.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { tightenFiles } from '../../shared/private-files.ts';

export interface Persist {
  /** The snapshot found at opening; undefined for a unit that never ran. */
  readonly found: unknown;
  /** Writes the state that `take` returns at the time of writing; durable when resolved. Concurrent calls share one write. */
  save(take: () => unknown): Promise<void>;
  put(name: string, bytes: Buffer): Promise<void>;
  get(name: string): Promise<Buffer | undefined>;
  drop(name: string): Promise<void>;
  /** Names of all blobs. */
  list(): Promise<string[]>;
  /** Waits for the writes under way. */
  close(): Promise<void>;
}

const FORMAT = 'tandem-cpe-state';
const VERSION = 1;
const SNAPSHOT = 'state.json';
const TEMPORARY = '.tmp';
const BLOBS = 'files';

/** Storage that lives as long as the process: for fleets and tests. Blobs are kept as given, so equal ones are shared. */
export function memoryPersist(): Persist {
  return new MemoryPersist();
}

class MemoryPersist implements Persist {
  #blobs: Map<string, Buffer> | undefined;

  get found(): unknown {
    return undefined;
  }
  async save(): Promise<void> {
    // The state ends with the process, so a write would be useless.
  }
  async put(name: string, bytes: Buffer): Promise<void> {
    this.#blobs ??= new Map();
    this.#blobs.set(name, bytes);
  }
  async get(name: string): Promise<Buffer | undefined> {
    return this.#blobs?.get(name);
  }
  async drop(name: string): Promise<void> {
    this.#blobs?.delete(name);
  }
  async list(): Promise<string[]> {
    return [...(this.#blobs?.keys() ?? [])];
  }
  async close(): Promise<void> {
    // There is never a write under way.
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeDurably(directory: string, name: string, bytes: Buffer | string): Promise<void> {
  const temporary = join(directory, `${name}${TEMPORARY}`);
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, join(directory, name));
  await syncDirectory(directory);
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** First line: format, version and the SHA-256 of the rest; then the state. */
function encodeSnapshot(state: unknown): string {
  const body = JSON.stringify(state);
  return `${JSON.stringify({ format: FORMAT, version: VERSION, sha256: digest(body) })}\n${body}\n`;
}

function decodeSnapshot(text: string): unknown {
  const end = text.indexOf('\n');
  const body = text.slice(end + 1, -1);
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(text.slice(0, Math.max(0, end))) as Record<string, unknown>;
  } catch {
    throw new Error('it is not the state of a gateway');
  }
  if (header?.format !== FORMAT) throw new Error('it is not the state of a gateway');
  if (header.version !== VERSION)
    throw new Error(`it has version ${String(header.version)}, this program reads ${VERSION}`);
  if (header.sha256 !== digest(body)) throw new Error('it is damaged');
  return JSON.parse(body);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function loadSnapshot(directory: string): Promise<unknown> {
  const path = join(directory, SNAPSHOT);
  const bytes = await readIfThere(path);
  if (!bytes) return undefined;
  try {
    return decodeSnapshot(bytes.toString('utf8'));
  } catch (error) {
    // A start with factory defaults would hide the loss and enrol the unit again: the operator decides.
    const advice = 'move the directory away to start with factory defaults';
    throw new UserError(409, 'state-unusable', `${path} cannot be used: ${messageOf(error)}; ${advice}`);
  }
}

/** Removes files that a power cut left half-written. */
async function sweep(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.endsWith(TEMPORARY)) await rm(join(directory, name), { force: true });
  }
}

/**
 * Opens (or makes) a unit's state directory.
 * @throws UserError when the directory cannot be used or its snapshot is torn, altered or of another program
 */
export async function openPersist(directory: string, log: Log = silentLog): Promise<Persist> {
  const blobs = join(directory, BLOBS);
  try {
    await mkdir(blobs, { recursive: true, mode: 0o700 });
    await sweep(directory);
    await sweep(blobs);
    await tightenFiles(await filesOf(directory, blobs), log);
  } catch (error) {
    throw new UserError(409, 'state-unusable', `the state directory cannot be used: ${messageOf(error)}`);
  }
  return new DirectoryPersist(directory, blobs, await loadSnapshot(directory));
}

/** The snapshot and the blobs hold the passwords of the unit. */
const filesOf = async (directory: string, blobs: string): Promise<string[]> => [
  join(directory, SNAPSHOT),
  ...(await readdir(blobs)).map(name => join(blobs, name)),
];

/** Blob names come from file names and transfer ids: made safe for a file system, and short enough for one. */
function fileName(name: string): string {
  const safe = encodeURIComponent(name).replaceAll('.', '%2E').replaceAll('*', '%2A');
  if (safe.length > 200) throw new UserError(400, 'name-too-long', `the name '${name.slice(0, 40)}…' is too long`);
  return safe;
}

class DirectoryPersist implements Persist {
  readonly found: unknown;
  readonly #directory: string;
  readonly #blobs: string;
  /** The write under way. */
  #running: Promise<void> | undefined;
  /** The write that follows, shared by all callers until it begins. */
  #next: { take: () => unknown; done: Promise<void> } | undefined;

  constructor(directory: string, blobs: string, found: unknown) {
    this.#directory = directory;
    this.#blobs = blobs;
    this.found = found;
  }

  save(take: () => unknown): Promise<void> {
    if (this.#next) {
      this.#next.take = take;
      return this.#next.done;
    }
    const before = this.#running ?? Promise.resolve();
    const group = { take, done: Promise.resolve() };
    // A failure of the write before is reported to its own callers; this one writes the whole state again.
    group.done = before.then(noop, noop).then(() => this.#write(group));
    this.#next = group;
    return group.done;
  }

  async #write(group: { take: () => unknown; done: Promise<void> }): Promise<void> {
    this.#next = undefined;
    this.#running = group.done;
    await writeDurably(this.#directory, SNAPSHOT, encodeSnapshot(group.take()));
  }

  async put(name: string, bytes: Buffer): Promise<void> {
    await writeDurably(this.#blobs, fileName(name), bytes);
  }

  async get(name: string): Promise<Buffer | undefined> {
    return await readIfThere(join(this.#blobs, fileName(name)));
  }

  async drop(name: string): Promise<void> {
    await rm(join(this.#blobs, fileName(name)), { force: true });
  }

  async list(): Promise<string[]> {
    const names = await readdir(this.#blobs);
    return names.filter(name => !name.endsWith(TEMPORARY)).map(decodeURIComponent);
  }

  async close(): Promise<void> {
    await (this.#next?.done ?? this.#running)?.then(noop, noop);
  }
}

const noop = (): void => undefined;
