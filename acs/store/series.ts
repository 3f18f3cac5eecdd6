// Numbers over time as every store keeps them: rings of buckets, so that the size of a series is bounded however long it runs. A point
// is merged into one bucket of each level.

export interface Level {
  /** Milliseconds that one bucket covers. */
  step: number;
  /** Number of buckets in the ring. */
  slots: number;
}

const MINUTE = 60_000;

/** Half a minute for a day, five minutes for a week, an hour for a year. */
export const levels: readonly Level[] = [
  { step: MINUTE / 2, slots: 2880 },
  { step: 5 * MINUTE, slots: 2016 },
  { step: 60 * MINUTE, slots: 8784 },
];

/** Most series, and most events, of one device. */
export const MAX_SERIES = 64;
export const MAX_EVENTS = 200;

/** The content of one slot of a ring. */
export interface Bucket {
  /** Its number since 1970, from which its slot follows. */
  bucket: number;
  n: number;
  sum: number;
  min: number;
  max: number;
}

export const bucketAt = (time: number, { step }: Level): number => Math.floor(time / step);
export const slotOf = (bucket: number, { slots }: Level): number => ((bucket % slots) + slots) % slots;

/** The content of a slot after `value` came into `bucket`; a value for a bucket that the ring has passed is ignored. */
export function merged(stored: Bucket | undefined, bucket: number, value: number): Bucket {
  if (!stored || stored.bucket < bucket) return { bucket, n: 1, sum: value, min: value, max: value };
  if (stored.bucket > bucket) return stored;
  const { n, sum, min, max } = stored;
  return { bucket, n: n + 1, sum: sum + value, min: Math.min(min, value), max: Math.max(max, value) };
}

/** The finest level that reaches back to `from`. */
export function levelFor(from: number, now: number): number {
  const found = levels.findIndex(({ step, slots }) => from >= now - step * slots);
  return found < 0 ? levels.length - 1 : found;
}

/** Buckets as points; neighbours are merged until there are at most `limit`. */
export function pointsOf(
  buckets: readonly Bucket[],
  level: Level,
  span: { from: number; to: number },
  limit: number,
): SeriesPoint[] {
  const width = Math.max(level.step, Math.ceil((span.to - span.from) / limit / level.step) * level.step);
  const points = new Map<number, Bucket>();
  for (const entry of [...buckets].sort((a, b) => a.bucket - b.bucket)) {
    const time = entry.bucket * level.step;
    if (time + level.step <= span.from || time > span.to) continue;
    const at = Math.floor(time / width) * width;
    const earlier = points.get(at);
    points.set(at, earlier ? joined(earlier, entry) : entry);
  }
  return [...points].map(([time, { n, sum, min, max }]) => ({ time, count: n, avg: sum / n, min, max }));
}

const joined = (a: Bucket, b: Bucket): Bucket => ({
  bucket: a.bucket,
  n: a.n + b.n,
  sum: a.sum + b.sum,
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});

/** All values in one stretch of time from `time` on. */
export interface SeriesPoint {
  time: number;
  count: number;
  avg: number;
  min: number;
  max: number;
}
