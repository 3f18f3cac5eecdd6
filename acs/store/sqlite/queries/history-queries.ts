// Reads of history: the buckets of a series, and the newest events and sessions of a device.
import type { DeviceEvent } from '../../records.ts';
import type { Bucket } from '../../series.ts';
import { type SessionPlace, type SessionRecord, type SessionsQuery, unpackedSession } from '../../session-record.ts';
import type { SeriesQuery } from '../../store.ts';
import type { Statements } from '../statements.ts';

const DEVICE = '(SELECT pk FROM devices WHERE id = ?)';

export class HistoryQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  series({ device, path, level }: SeriesQuery): Bucket[] {
    return this.#statements
      .all<Bucket>(
        `SELECT bucket, n, sum, min, max FROM series WHERE device = ${DEVICE}
      AND path = (SELECT pk FROM paths WHERE path = ?) AND level = ?`,
        device,
        path,
        level,
      )
      .map(({ bucket, n, sum, min, max }) => ({ bucket, n, sum, min, max }));
  }

  paths(device: string): string[] {
    return this.#statements
      .all<{ path: string }>(
        `SELECT path FROM paths WHERE pk IN
      (SELECT DISTINCT path FROM series WHERE device = ${DEVICE} AND level = 2) ORDER BY path`,
        device,
      )
      .map(({ path }) => path);
  }

  /** The newest first. */
  events(device: string, limit: number): DeviceEvent[] {
    return this.#statements
      .all<{ time: number; type: string; body: string }>(
        `SELECT time, type, body FROM device_events WHERE device = ${DEVICE} ORDER BY time DESC, pk DESC LIMIT ?`,
        device,
        limit,
      )
      .map(({ time, type, body }) => ({ time, type, data: JSON.parse(body) as Record<string, unknown> }));
  }

  /** The newest first. */
  sessions({ device, limit, before }: SessionsQuery): SessionRecord[] {
    const { started, claim } = before ?? { started: Number.MAX_SAFE_INTEGER, claim: 0 };
    return this.#statements
      .all<SessionPlace & { body: string }>(
        `SELECT started, claim, body FROM device_sessions WHERE device = ${DEVICE} AND (started, claim) < (?, ?)
      ORDER BY started DESC, claim DESC LIMIT ?`,
        device,
        started,
        claim,
        limit,
      )
      .map(({ body, ...place }) => unpackedSession(place, body));
  }
}
