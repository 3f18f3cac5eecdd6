// Checkpoints beside the writer thread: another thread copies the log into the file, so that no commit waits for the copy. That thread starts
// with the first checkpoint.
import type { Worker } from 'node:worker_threads';
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import type { StoreFile } from '../schema.ts';
import { spawn } from './thread.ts';

/** Changed rows after which the thread copies the log. A row takes one page of the log or a few. */
const CHANGES = 1000;
/**
 * Length of the log, in pages, at which a commit of the writer copies the rest of it, so that the next commit writes from its start again.
 * Without this bound the log would grow as long as commits follow each other without a pause, because the thread is always some pages
 * behind. The log then takes 16 MB, which a small disk has room for.
 */
const OWN_PAGES = 4000;

export class Checkpoints {
  readonly #place: StoreFile;
  readonly #changes: StatementSyncInstance;
  #worker: Worker | undefined;
  #isAway = false;
  #isOver = false;
  #copied = 0;

  /** @param db the writer's connection */
  constructor(db: DatabaseSyncInstance, place: StoreFile) {
    db.exec(`PRAGMA wal_autocheckpoint = ${OWN_PAGES}`);
    this.#place = place;
    this.#changes = db.prepare('SELECT total_changes() AS n');
  }

  /** Starts a copy once enough has changed. Called after each commit; the count is one that SQLite keeps in memory. */
  committed(): void {
    if (this.#isAway || this.#isOver) return;
    const { n } = this.#changes.get() as { n: number };
    if (n - this.#copied < CHANGES) return;
    this.#copied = n;
    this.#isAway = true;
    this.#worker ??= this.#started();
    this.#worker.postMessage('copy');
  }

  /** Waits for the thread to close its connection. */
  async stop(): Promise<void> {
    this.#isOver = true;
    const worker = this.#worker;
    if (!worker) return;
    const exited = new Promise(resolve => worker.once('exit', resolve));
    worker.postMessage('close');
    await exited;
  }

  #started(): Worker {
    const worker = spawn('checkpointer', this.#place);
    worker.on('message', () => {
      this.#isAway = false;
    });
    // Without the thread only the writer's own commits copy the log.
    const failed = (): void => {
      this.#isOver = true;
      this.#worker = undefined;
    };
    worker.once('error', failed);
    worker.once('exit', failed);
    return worker;
  }
}
