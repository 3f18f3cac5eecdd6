// What devices did and told over time, in SQLite: rings of numbers, and the newest events of each device.

import type { DeviceEvent, HistoryEntry } from '../records.ts';
import { type Bucket, bucketAt, levels, MAX_EVENTS, MAX_SERIES, slotOf } from '../series.ts';
import type { SeriesQuery } from '../store.ts';
import { jsonOf, textOf } from '../text-checks.ts';

type Value = string | number | null;
type Run = (text: string, ...params: Value[]) => number;
type All = <T>(text: string, ...params: (string | number)[]) => T[];

/** Events after which a device's oldest go. */
const TRIM_EVERY = 32;
const MAX_KNOWN = 100_000;

const UPSERT = `INSERT INTO series (device, path, level, slot, bucket, n, sum, min, max) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?6, ?6)
  ON CONFLICT DO UPDATE SET
    n = iif(bucket = ?5, n + 1, 1), sum = iif(bucket = ?5, sum + ?6, ?6),
    min = iif(bucket = ?5, min(min, ?6), ?6), max = iif(bucket = ?5, max(max, ?6), ?6), bucket = ?5
  WHERE bucket <= ?5`;

export function createHistoryWrites(run: Run, all: All, pathNumber: (path: string) => number) {
  /** Series that are known to be there, and events since a device's were trimmed; by device number. */
  const known = new Set<string>();
  const added = new Map<number, number>();
  const forget = (): void => {
    known.clear();
    added.clear();
  };

  const isKept = (pk: number, path: number): boolean => {
    const key = `${pk} ${path}`;
    if (known.has(key)) return true;
    const standing = all<{ path: number }>('SELECT DISTINCT path FROM series WHERE device = ? AND level = 2', pk);
    if (standing.length >= MAX_SERIES && !standing.some(series => series.path === path)) return false;
    if (known.size >= MAX_KNOWN) known.clear();
    known.add(key);
    return true;
  };

  const addEvent = (pk: number, { time, type, data }: DeviceEvent): void => {
    run(
      'INSERT INTO device_events (device, time, type, body) VALUES (?, ?, ?, ?)',
      pk,
      time,
      textOf(type),
      jsonOf(data),
    );
    const count = (added.get(pk) ?? TRIM_EVERY - 1) + 1;
    if (added.size >= MAX_KNOWN) added.clear();
    added.set(pk, count % TRIM_EVERY);
    if (count < TRIM_EVERY) return;
    const last = 'SELECT pk FROM device_events WHERE device = ? ORDER BY pk DESC LIMIT 1 OFFSET ?';
    run(`DELETE FROM device_events WHERE device = ? AND pk <= (${last})`, pk, pk, MAX_EVENTS - TRIM_EVERY);
  };

  return {
    forget,
    append: (entries: readonly HistoryEntry[]): void => {
      for (const { device, events = [], samples = [] } of entries) {
        const pk = all<{ pk: number }>('SELECT pk FROM devices WHERE id = ?', device)[0]?.pk;
        if (pk === undefined) continue;
        for (const event of events) addEvent(pk, event);
        for (const { path, time, value } of samples) {
          const number = pathNumber(path);
          if (!isKept(pk, number)) continue;
          for (const [at, level] of levels.entries()) {
            const bucket = bucketAt(time, level);
            run(UPSERT, pk, number, at, slotOf(bucket, level), bucket, value);
          }
        }
      }
    },
  };
}

export const readSeries = (all: All, { device, path, level }: SeriesQuery): Bucket[] =>
  all<Bucket>(
    `SELECT bucket, n, sum, min, max FROM series WHERE device = (SELECT pk FROM devices WHERE id = ?)
      AND path = (SELECT pk FROM paths WHERE path = ?) AND level = ?`,
    device,
    path,
    level,
  ).map(({ bucket, n, sum, min, max }) => ({ bucket, n, sum, min, max }));

export const readSeriesPaths = (all: All, device: string): string[] =>
  all<{ path: string }>(
    `SELECT path FROM paths WHERE pk IN
      (SELECT DISTINCT path FROM series WHERE device = (SELECT pk FROM devices WHERE id = ?) AND level = 2) ORDER BY path`,
    device,
  ).map(({ path }) => path);

export const readDeviceEvents = (all: All, device: string, limit: number): DeviceEvent[] =>
  all<{ time: number; type: string; body: string }>(
    `SELECT time, type, body FROM device_events WHERE device = (SELECT pk FROM devices WHERE id = ?)
      ORDER BY time DESC, pk DESC LIMIT ?`,
    device,
    limit,
  ).map(({ time, type, body }) => ({ time, type, data: JSON.parse(body) as Record<string, unknown> }));
