// Writes of history in SQLite: numbers go into rings of buckets (series.ts), and each device keeps its newest events and sessions.
import type { DeviceEvent, HistoryEntry } from '../../records.ts';
import { bucketAt, levels, MAX_EVENTS, MAX_SERIES, slotOf } from '../../series.ts';
import { checkedText, jsonOf } from '../../text-checks.ts';
import type { Statements } from '../statements.ts';
import type { ParameterRows } from './parameter-rows.ts';
import { SessionWrites, TrimCounts } from './session-writes.ts';

/** Events of a device after which its oldest are deleted. */
const TRIM_EVERY = 32;
const MAX_KNOWN = 100_000;

const UPSERT = `INSERT INTO series (device, path, level, slot, bucket, n, sum, min, max) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?6, ?6)
  ON CONFLICT DO UPDATE SET
    n = iif(bucket = ?5, n + 1, 1), sum = iif(bucket = ?5, sum + ?6, ?6),
    min = iif(bucket = ?5, min(min, ?6), ?6), max = iif(bucket = ?5, max(max, ?6), ?6), bucket = ?5
  WHERE bucket <= ?5`;

/** Appends to the history, and remembers which series exist. */
export class HistoryWrites {
  readonly #statements: Statements;
  readonly #parameters: ParameterRows;
  /** Series that are known to exist, as numbers of device and path. */
  readonly #series = new Set<string>();
  readonly #untrimmed = new TrimCounts(TRIM_EVERY);
  readonly #sessions: SessionWrites;

  constructor(statements: Statements, parameters: ParameterRows) {
    this.#statements = statements;
    this.#parameters = parameters;
    this.#sessions = new SessionWrites(statements);
  }

  append(entries: readonly HistoryEntry[]): void {
    for (const { device, events = [], samples = [], sessions = [] } of entries) {
      const pk = this.#statements.all<{ pk: number }>('SELECT pk FROM devices WHERE id = ?', device)[0]?.pk;
      if (pk === undefined) continue;
      for (const event of events) this.#addEvent(pk, event);
      for (const session of sessions) this.#sessions.add(pk, session);
      for (const { path, time, value } of samples) {
        const number = this.#parameters.pathNumber(path);
        if (!this.#isKept(pk, number)) continue;
        for (const [at, level] of levels.entries()) {
          const bucket = bucketAt(time, level);
          this.#statements.run(UPSERT, pk, number, at, slotOf(bucket, level), bucket, value);
        }
      }
    }
  }

  forget(): void {
    this.#series.clear();
    this.#untrimmed.clear();
    this.#sessions.forget();
  }

  /** True when the device has this series, or room for it. */
  #isKept(pk: number, path: number): boolean {
    const key = `${pk} ${path}`;
    if (this.#series.has(key)) return true;
    const stored = this.#statements.all<{ path: number }>(
      'SELECT DISTINCT path FROM series WHERE device = ? AND level = 2',
      pk,
    );
    if (stored.length >= MAX_SERIES && !stored.some(series => series.path === path)) return false;
    if (this.#series.size >= MAX_KNOWN) this.#series.clear();
    this.#series.add(key);
    return true;
  }

  #addEvent(pk: number, { time, type, data }: DeviceEvent): void {
    this.#statements.run(
      'INSERT INTO device_events (device, time, type, body) VALUES (?, ?, ?, ?)',
      pk,
      time,
      checkedText(type),
      jsonOf(data),
    );
    if (!this.#untrimmed.isDue(pk)) return;
    const last = 'SELECT pk FROM device_events WHERE device = ? ORDER BY pk DESC LIMIT 1 OFFSET ?';
    this.#statements.run(
      `DELETE FROM device_events WHERE device = ? AND pk <= (${last})`,
      pk,
      pk,
      MAX_EVENTS - TRIM_EVERY,
    );
  }
}
