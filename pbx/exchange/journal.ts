// A journal of commits: one line each, with a checksum, written and flushed before the commit is acknowledged. A line that
// a crash cut off is the last one and was never acknowledged; it is dropped. Compaction writes a new file and renames it.
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { type Change, tableNames } from './data.ts';

const FILE = 'exchange.journal';
/** Lines after which the journal is written anew. */
const LONG = 10_000;

interface Waiting {
  line: string;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export class Journal {
  readonly #path: string;
  #file: FileHandle;
  #lines: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  private constructor(path: string, file: FileHandle, lines: number) {
    this.#path = path;
    this.#file = file;
    this.#lines = lines;
  }

  /** @throws UserError `damaged-journal` where a line before the last cannot be read */
  static async open({ folder, log }: { folder: string; log: Log }): Promise<{ journal: Journal; entries: Change[][] }> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, FILE);
    const { entries, rest, length } = readLines(await textOf(path), path);
    if (rest !== '') log.warn('exchange journal ended in an unfinished line', { file: path, bytes: rest.length });
    const file = await open(path, 'a', 0o600);
    await file.truncate(length);
    await syncFolder(folder);
    return { journal: new Journal(path, file, entries.length), entries };
  }

  get isLong(): boolean {
    return this.#lines > LONG;
  }

  /** Resolves when the changes are on disk; commits that come together share one flush. */
  async append(changes: readonly Change[]): Promise<void> {
    const line = lineOf(changes);
    const written = new Promise<void>((resolve, reject) => this.#waiting.push({ line, resolve, reject }));
    this.#writing ??= this.#write();
    await written;
  }

  /** Writes the journal anew with one entry; commits that come meanwhile follow it. */
  async compact(everything: readonly Change[]): Promise<void> {
    await this.#writing;
    const work = this.#replace(everything);
    this.#writing = work.then(() => this.#write());
    await work;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#file.appendFile(batch.map(({ line }) => line).join(''));
        await this.#file.datasync();
        this.#lines += batch.length;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #replace(everything: readonly Change[]): Promise<void> {
    const fresh = `${this.#path}.new`;
    const file = await open(fresh, 'w', 0o600);
    await file.appendFile(everything.length > 0 ? lineOf(everything) : '');
    await file.datasync();
    await rename(fresh, this.#path);
    await syncFolder(join(this.#path, '..'));
    const old = this.#file;
    this.#file = file;
    this.#lines = 1;
    await old.close();
  }
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

function lineOf(changes: readonly Change[]): string {
  const text = JSON.stringify(changes);
  return `${checksum(text)} ${text}\n`;
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
  const text = line.slice(17);
  if (line.slice(0, 16) !== checksum(text)) return undefined;
  const changes = JSON.parse(text) as Change[];
  return changes.every(({ table }) => tableNames.includes(table)) ? changes : undefined;
}

/** Makes the names in a folder durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}
