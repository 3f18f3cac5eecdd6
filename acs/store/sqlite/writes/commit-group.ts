// Group commit of the SQLite store: requests share one transaction, and with it one flush to the disk.
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Statements } from '../statements.ts';
import { storeError } from '../store-error.ts';
import type { WriteOutcome, WriteRequest } from './write-request.ts';

/** Requests in a row that the disk refused; after these the rest of their group is refused without a try. */
const MAX_DISK_FAILURES = 5;

/** The work of a group: what a request changes, and what memory of the tables a rollback makes wrong. */
interface GroupWork {
  /** @throws what the request fails by */
  carryOut(request: WriteRequest): WriteOutcome;
  forget(): void;
}

/** Commits requests together, each wholly or not at all. */
export class CommitGroup {
  readonly #db: DatabaseSyncInstance;
  readonly #statements: Statements;
  readonly #work: GroupWork;

  constructor(db: DatabaseSyncInstance, statements: Statements, work: GroupWork) {
    this.#db = db;
    this.#statements = statements;
    this.#work = work;
  }

  /** Carries the requests out in order, in one transaction. What it returns is durable. */
  commit(requests: readonly WriteRequest[]): WriteOutcome[] {
    try {
      return this.#commitTogether(requests);
    } catch (error) {
      return requests.length === 1 ? [{ ok: false, error: storeError(error) }] : this.#commitSingly(requests);
    }
  }

  /** @throws what failed; then nothing of the group is stored */
  #commitTogether(requests: readonly WriteRequest[]): WriteOutcome[] {
    try {
      // A failing disk may have refused even the rollback of the group before.
      if (this.#db.isTransaction) this.#undo();
      this.#statements.prepare('BEGIN IMMEDIATE').run();
      const outcomes = requests.map(request => this.#attempt(request));
      this.#statements.prepare('COMMIT').run();
      return outcomes;
    } catch (error) {
      try {
        this.#undo();
      } catch {
        // The first failure is the one to report; the next group begins with a rollback.
      }
      throw error;
    }
  }

  /** One failing request must not fail the others; but once the disk fails again and again, the rest is not tried. */
  #commitSingly(requests: readonly WriteRequest[]): WriteOutcome[] {
    let failures = 0;
    let last: unknown;
    return requests.map(request => {
      if (failures >= MAX_DISK_FAILURES) return { ok: false, error: last };
      try {
        const [outcome] = this.#commitTogether([request]);
        failures = 0;
        return outcome!;
      } catch (error) {
        last = storeError(error);
        failures = last === error ? 0 : failures + 1;
        return { ok: false, error: last };
      }
    });
  }

  /** @throws what failed half-way: then the whole group must be rolled back */
  #attempt(request: WriteRequest): WriteOutcome {
    this.#statements.touched = false;
    try {
      return this.#work.carryOut(request);
    } catch (error) {
      // Most refusals come before anything is changed: the group continues.
      if (this.#statements.touched || !this.#db.isTransaction) throw error;
      return { ok: false, error: storeError(error) };
    }
  }

  #undo(): void {
    this.#work.forget();
    // A full disk may have rolled back the transaction by itself.
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
  }
}
