// The prepared statements of one connection.
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';

export type SqlValue = string | number | null | Uint8Array;

/** Bounds the prepared statements: filters make new ones without end, and the fixed ones are soon prepared again. */
const MAX_PREPARED = 200;

/** Prepares each statement once, and notes whether a request may have changed anything. */
export class Statements {
  readonly #db: DatabaseSyncInstance;
  readonly #prepared = new Map<string, StatementSyncInstance>();
  /** Set by each statement that changes something; the group commit resets it before each request. */
  touched = false;

  constructor(db: DatabaseSyncInstance) {
    this.#db = db;
  }

  prepare(text: string): StatementSyncInstance {
    const known = this.#prepared.get(text);
    if (known) return known;
    if (this.#prepared.size >= MAX_PREPARED) this.#prepared.clear();
    const statement = this.#db.prepare(text);
    this.#prepared.set(text, statement);
    return statement;
  }

  /** A statement that changes something. */
  prepareChange(text: string): StatementSyncInstance {
    this.touched = true;
    return this.prepare(text);
  }

  /** Changes something. @returns how many rows changed */
  run(text: string, ...params: SqlValue[]): number {
    return this.prepareChange(text).run(...params).changes;
  }

  all<T>(text: string, ...params: SqlValue[]): T[] {
    return this.prepare(text).all(...params) as T[];
  }

  /** The first row; undefined when there is none. */
  one<T>(text: string, ...params: SqlValue[]): T | undefined {
    return (this.prepare(text).get(...params) as T | undefined) ?? undefined;
  }
}
