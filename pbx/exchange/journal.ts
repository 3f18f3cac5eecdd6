// The journal of commits: a commit holds once it is on disk, and commits that come together share one flush. From time to time
// the file is compacted to a snapshot. One loop does all writes, so that no two of them meet.
import { messageOf, UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Change } from './data.ts';
import { JournalFile } from './journal-file.ts';

/** Lines, and bytes beside those of the last snapshot, after which the file is compacted. */
const LONG = 10_000;
const LARGE = 16 * 1024 * 1024;

interface Waiting {
  changes: readonly Change[];
  /** Makes the changes hold; called once they are on disk. */
  apply: () => void;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface JournalOptions {
  folder: string;
  log: Log;
  /** All that holds, as changes. */
  snapshot: () => readonly Change[];
  /** Lines after which the file is compacted. */
  compactAfter?: number;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #file: JournalFile;
  /** Lines and bytes after the last compaction, or the last attempt at one. */
  #since = { lines: 0, bytes: 0 };
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  private constructor(options: JournalOptions, file: JournalFile) {
    this.#options = options;
    this.#file = file;
  }

  /** @throws UserError `damaged-journal` where a line before the last cannot be read */
  static async open(options: JournalOptions): Promise<{ journal: Journal; entries: Change[][] }> {
    const { file, entries } = await JournalFile.open(options.folder, options.log);
    return { journal: new Journal(options, file), entries };
  }

  /**
   * Resolves when the changes are on disk and hold.
   * @throws UserError `data-not-written`; then nothing has changed
   */
  async append(changes: readonly Change[], apply: () => void): Promise<void> {
    const written = new Promise<void>((resolve, reject) => this.#waiting.push({ changes, apply, resolve, reject }));
    this.#writing ??= this.#write();
    await written;
  }

  /** Replaces the file by a snapshot. After a failure the old file stays in use; the next attempt follows once it has grown as much again. */
  async compact(): Promise<void> {
    try {
      await this.#file.replace(this.#options.snapshot());
    } catch (error) {
      this.#options.log.error('exchange journal not compacted', { file: this.#file.path, error });
    }
    this.#since = { lines: this.#file.lines, bytes: this.#file.bytes };
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
        await this.#file.add(batch.flatMap(({ changes }) => changes));
        for (const one of batch) settle(one);
      } catch (error) {
        for (const { reject } of batch) reject(notWritten(this.#file.path, error));
      }
      if (this.#isLong) await this.compact();
    }
    this.#writing = undefined;
  }

  get #isLong(): boolean {
    const { lines, bytes } = this.#since;
    return (
      this.#file.lines - lines > (this.#options.compactAfter ?? LONG) || this.#file.bytes - bytes > 3 * bytes + LARGE
    );
  }
}

/** An error of what follows a change is its caller's. */
function settle({ apply, resolve, reject }: Waiting): void {
  try {
    apply();
    resolve();
  } catch (error) {
    reject(error);
  }
}

const notWritten = (path: string, error: unknown): UserError =>
  new UserError(507, 'data-not-written', `nothing was changed: ${path} cannot be written: ${messageOf(error)}`);
