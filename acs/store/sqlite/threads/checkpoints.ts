// Checkpoints beside the writer thread: a thread of their own copies the log into the file, so that no commit waits for that. It starts with
// the first of them.
import type { Worker } from 'node:worker_threads';
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import type { StoreFile } from '../schema.ts';
import { spawn } from './thread.ts';

/** Changed rows after which the log is copied; each is one page of it or some. */
const CHANGES = 1000;
/**
 * Pages of the log at which the writer copies what the thread has left, and begins the log anew: while commits follow each other the
 * thread never copies the last of them. 16 MB, so that a small disk has room for it.
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

  /** Has the log copied once enough has changed. To be called after each commit. */
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
    // The writer copies the log itself from then on.
    const failed = (): void => {
      this.#isOver = true;
      this.#worker = undefined;
    };
    worker.once('error', failed);
    worker.once('exit', failed);
    return worker;
  }
}
