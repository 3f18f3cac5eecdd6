// Reads of devices: one by id or user name, those that are overdue, and their number.
import type { DeviceRow } from '../../../device/row.ts';
import type { Filter } from '../../../query/filter.ts';
import type { OverdueQuery } from '../../store.ts';
import { toSql } from '../filter.ts';
import type { Statements } from '../statements.ts';
import { rowOf, type StoredRow, storedRows } from '../stored-row.ts';

export class DeviceQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  byId(id: string): DeviceRow | undefined {
    return readRow(this.#statements, '(SELECT pk FROM devices WHERE id = ?)', id);
  }

  /** Runs in every session, so it reads no more than it needs. */
  byUsername(username: string): Pick<DeviceRow, 'id' | 'credentials'> | undefined {
    const found =
      this.#statements.one<{ body: string }>(
        'SELECT body FROM rows WHERE device = (SELECT pk FROM devices WHERE username = ? LIMIT 1)',
        username,
      ) ??
      this.#statements.one<{ body: string }>(
        'SELECT body FROM rows WHERE device = (SELECT pk FROM devices WHERE next_username = ? LIMIT 1)',
        username,
      );
    return found && (JSON.parse(found.body) as DeviceRow);
  }

  count(filter: Filter | undefined, now: number): number {
    const where = filter ? toSql(filter, now) : { sql: '1', params: [] };
    const text = `SELECT count(*) AS n FROM devices d WHERE ${where.sql}`;
    return this.#statements.one<{ n: number }>(text, ...where.params)?.n ?? 0;
  }

  /** Ids in the order of the index `devices_due`. */
  overdue({ now, limit, blindSpot }: OverdueQuery): string[] {
    const due = 'SELECT id FROM devices WHERE due > 0 AND due < ?';
    const found = blindSpot
      ? this.#statements.all<{ id: string }>(
          `${due} AND (due < ? OR last_inform >= ?) ORDER BY due LIMIT ?`,
          now,
          now - blindSpot.ms,
          blindSpot.until,
          limit,
        )
      : this.#statements.all<{ id: string }>(`${due} ORDER BY due LIMIT ?`, now, limit);
    return found.map(({ id }) => id);
  }
}

export function readRow(statements: Statements, where: string, value: string | number): DeviceRow | undefined {
  const found = statements.one<StoredRow>(`SELECT ${storedRows} WHERE r.device = ${where}`, value);
  return found && rowOf(found);
}
