// Rows of devices in the writer's memory: a device in session is asked for again and again.
import type { DeviceRow } from '../../../device/row.ts';
import type { Statements } from '../statements.ts';
import { rowOf, type StoredRow, storedRows } from '../stored-row.ts';

export interface CachedRow {
  /** Number of the device in the tables. */
  pk: number;
  row: DeviceRow;
}

const MAX_ROWS = 2000;

/** The rows that were last asked for, and the claims that count. */
export class RowCache {
  readonly #statements: Statements;
  /** By id, the one asked for last at the end. */
  readonly #rows = new Map<string, CachedRow>();
  /**
   * Tokens of the claims in force, by device. Only this memory counts: every process reaches a device through this one, and all claims
   * end with this one. A claim in the table that is not among these is over, and a session that changed nothing else costs no second
   * write.
   */
  readonly #claims = new Map<string, number>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  load(id: string): CachedRow | undefined {
    const known = this.#rows.get(id);
    if (known) return known;
    const found = this.#statements.one<StoredRow & { device: number }>(
      `SELECT r.device, ${storedRows} WHERE r.device = (SELECT pk FROM devices WHERE id = ?)`,
      id,
    );
    if (!found) return undefined;
    const row = rowOf(found);
    if (row.claim && row.claim.token !== this.#claims.get(id)) delete row.claim;
    return { pk: found.device, row };
  }

  /** The row, where it is in memory. */
  known(id: string): CachedRow | undefined {
    return this.#rows.get(id);
  }

  remember(id: string, entry: CachedRow): void {
    this.#rows.delete(id);
    this.#rows.set(id, entry);
    if (this.#rows.size <= MAX_ROWS) return;
    for (const oldest of this.#rows.keys()) {
      this.#rows.delete(oldest);
      break;
    }
  }

  noteClaim(id: string, { claim }: DeviceRow): void {
    if (claim) this.#claims.set(id, claim.token);
    else this.#claims.delete(id);
  }

  /** Forgets a device that was removed. */
  remove(id: string): void {
    this.#rows.delete(id);
    this.#claims.delete(id);
  }

  /** Forgets all rows after a rollback; claims stay. */
  forget(): void {
    this.#rows.clear();
  }
}
