// The file of the journal: lines with a checksum, each on disk before it counts. A line that a crash or a failed write cut off is the
// last one; it is dropped. The file is replaced by a new one that takes its name.
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { Turns } from '../../shared/turns.ts';
import { type Change, tableNames } from './data.ts';

const NAME = 'exchange.journal';
/** Rows in a line of a snapshot, and rows of a line that are written without a break. */
const SLICE = 500;
/** Characters of a checksum. */
const CHECKSUM = 16;

export class JournalFile {
  readonly path: string;
  readonly #folder: string;
  #file: FileHandle;
  #lines: number;
  /** Bytes of the whole lines; what a failed write has left comes after them. */
  #length: number;
  #hasRest = false;
  #isNamed = true;

  private constructor(folder: string, file: FileHandle, { lines, length }: { lines: number; length: number }) {
    this.#folder = folder;
    this.path = join(folder, NAME);
    this.#file = file;
    this.#lines = lines;
    this.#length = length;
  }

  /** @throws UserError `damaged-journal` where a line before the last cannot be read */
  static async open(folder: string, log: Log): Promise<{ file: JournalFile; entries: Change[][] }> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, NAME);
    const { entries, rest, length } = readLines(await textOf(path), path);
    if (rest !== '') log.warn('exchange journal ended in an unfinished line', { file: path, bytes: rest.length });
    const file = await open(path, 'a', 0o600);
    await file.truncate(length);
    await syncFolder(folder);
    return { file: new JournalFile(folder, file, { lines: entries.length, length }), entries };
  }

  get lines(): number {
    return this.#lines;
  }

  get bytes(): number {
    return this.#length;
  }

  /** Resolves when the line is on disk. */
  async add(changes: readonly Change[]): Promise<void> {
    await this.#name();
    if (this.#hasRest) await this.#file.truncate(this.#length);
    this.#hasRest = true;
    const bytes = await writeLine(this.#file, changes);
    await this.#file.datasync();
    this.#hasRest = false;
    this.#lines += 1;
    this.#length += bytes;
  }

  /** Puts a file with these changes alone in its place; where that fails, it stays as it was. */
  async replace(everything: readonly Change[]): Promise<void> {
    const old = this.#file;
    const { file, bytes } = await renamed(`${this.path}.new`, this.path, everything);
    // All at once: a length of the one file would cut the other.
    [this.#file, this.#lines, this.#length] = [file, Math.ceil(everything.length / SLICE), bytes];
    [this.#hasRest, this.#isNamed] = [false, false];
    await old.close();
    await this.#name();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** The new file has its name on disk too: without it a power cut would bring back the one before. */
  async #name(): Promise<void> {
    if (this.#isNamed) return;
    await syncFolder(this.#folder);
    this.#isNamed = true;
  }
}

/** Writes a whole file and gives it a name that may be another's. */
async function renamed(
  fresh: string,
  path: string,
  everything: readonly Change[],
): Promise<{ file: FileHandle; bytes: number }> {
  // Opened for appending: after a failed write has been cut off, the next one begins at the end.
  const file = await open(fresh, 'a', 0o600);
  try {
    await file.truncate(0);
    let bytes = 0;
    for (let at = 0; at < everything.length; at += SLICE)
      bytes += await writeLine(file, everything.slice(at, at + SLICE));
    await file.datasync();
    await rename(fresh, path);
    return { file, bytes };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, CHECKSUM);

/** Writes a line slice by slice, with breaks between them: that of a range of numbers has megabytes. @returns its bytes */
async function writeLine(file: FileHandle, changes: readonly Change[]): Promise<number> {
  const hash = createHash('sha256');
  const turns = new Turns(SLICE);
  const parts: string[] = [];
  for (let at = 0; at < changes.length; at += SLICE) {
    const inner = JSON.stringify(changes.slice(at, at + SLICE)).slice(1, -1);
    const isLast = at + SLICE >= changes.length;
    const part = `${at === 0 ? '[' : ','}${inner}${isLast ? ']' : ''}`;
    hash.update(part);
    parts.push(part);
    if (!isLast) await turns.spent(SLICE);
  }
  parts[0] = `${hash.digest('hex').slice(0, CHECKSUM)} ${parts[0]}`;
  parts[parts.length - 1] += '\n';
  let bytes = 0;
  for (const part of parts) {
    await file.appendFile(part);
    bytes += Buffer.byteLength(part);
  }
  return bytes;
}

interface Lines {
  entries: Change[][];
  /** Text after the last whole line. */
  rest: string;
  /** Bytes of the whole lines. */
  length: number;
}

function readLines(text: string, path: string): Lines {
  const lines = text.split('\n');
  const unfinished = lines.pop() ?? '';
  const entries = lines.map(changesOf);
  const wrong = entries.indexOf(undefined);
  if (wrong >= 0 && wrong < entries.length - 1) {
    throw new UserError(500, 'damaged-journal', `${path}: line ${wrong + 1} cannot be read; restore a backup`);
  }
  const rest = wrong < 0 ? unfinished : `${lines[wrong]}\n${unfinished}`;
  const whole = wrong < 0 ? lines : lines.slice(0, wrong);
  const read = entries.filter(entry => entry !== undefined);
  return { entries: read, rest, length: Buffer.byteLength(whole.map(line => `${line}\n`).join('')) };
}

function changesOf(line: string): Change[] | undefined {
  const text = line.slice(CHECKSUM + 1);
  if (line.slice(0, CHECKSUM) !== checksum(text)) return undefined;
  const changes = JSON.parse(text) as Change[];
  return changes.every(({ table }) => tableNames.includes(table)) ? changes : undefined;
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}
