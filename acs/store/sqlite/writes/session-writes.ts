// Writes of the records of sessions in SQLite: each device keeps its newest.
import { MAX_SESSIONS, packedSession, type SessionRecord } from '../../session-record.ts';
import { jsonOf } from '../../text-checks.ts';
import type { Statements } from '../statements.ts';

/** Records of a device after which its oldest are deleted. */
const TRIM_EVERY = 10;
const MAX_KNOWN = 100_000;

/** Counts what is appended to each device, by its number, so that its oldest are deleted only now and then. */
export class TrimCounts {
  readonly #every: number;
  readonly #untrimmed = new Map<number, number>();

  constructor(every: number) {
    this.#every = every;
  }

  /** Counts one more. @returns whether the oldest go now; they also do with the first one that this process appends */
  isDue(pk: number): boolean {
    const count = (this.#untrimmed.get(pk) ?? this.#every - 1) + 1;
    if (this.#untrimmed.size >= MAX_KNOWN) this.#untrimmed.clear();
    this.#untrimmed.set(pk, count % this.#every);
    return count >= this.#every;
  }

  clear(): void {
    this.#untrimmed.clear();
  }
}

export class SessionWrites {
  readonly #statements: Statements;
  readonly #untrimmed = new TrimCounts(TRIM_EVERY);

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  add(pk: number, record: SessionRecord): void {
    this.#statements.run(
      'INSERT OR REPLACE INTO device_sessions (device, started, claim, body) VALUES (?, ?, ?, ?)',
      pk,
      record.started,
      record.claim,
      jsonOf(packedSession(record)),
    );
    if (!this.#untrimmed.isDue(pk)) return;
    const last = 'SELECT started FROM device_sessions WHERE device = ? ORDER BY started DESC LIMIT 1 OFFSET ?';
    this.#statements.run(
      `DELETE FROM device_sessions WHERE device = ? AND started <= (${last})`,
      pk,
      pk,
      MAX_SESSIONS - TRIM_EVERY,
    );
  }

  forget(): void {
    this.#untrimmed.clear();
  }
}
