// Numbers over time, as every store keeps them: rings of buckets, so that a series takes no more room however long it runs. A point
// falls into one bucket of each level, where it is merged with those that were there.

export interface Level {
  /** Milliseconds that one bucket stands for. */
  step: number;
  /** How many buckets the ring has. */
  slots: number;
}

const MINUTE = 60_000;

/** Half a minute for a day, five minutes for a week, an hour for a year. */
export const levels: readonly Level[] = [
  { step: MINUTE / 2, slots: 2880 },
  { step: 5 * MINUTE, slots: 2016 },
  { step: 60 * MINUTE, slots: 8784 },
];

/** Series that one device has at most, events that it has at most. */
export const MAX_SERIES = 64;
export const MAX_EVENTS = 200;

/** What a ring holds in one place. */
export interface Bucket {
  /** Its number since 1970, of which the place in the ring follows. */
  bucket: number;
  n: number;
  sum: number;
  min: number;
  max: number;
}

export const bucketAt = (time: number, { step }: Level): number => Math.floor(time / step);
export const slotOf = (bucket: number, { slots }: Level): number => ((bucket % slots) + slots) % slots;

/** What stands in a place after `value` fell into `bucket`; a bucket that the ring has passed is left out. */
export function merged(standing: Bucket | undefined, bucket: number, value: number): Bucket {
  if (!standing || standing.bucket < bucket) return { bucket, n: 1, sum: value, min: value, max: value };
  if (standing.bucket > bucket) return standing;
  const { n, sum, min, max } = standing;
  return { bucket, n: n + 1, sum: sum + value, min: Math.min(min, value), max: Math.max(max, value) };
}

/** The finest level that reaches back to `from`. */
export function levelFor(from: number, now: number): number {
  const found = levels.findIndex(({ step, slots }) => from >= now - step * slots);
  return found < 0 ? levels.length - 1 : found;
}

/** Buckets as points, neighbours merged until there are no more than so many. */
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
    const standing = points.get(at);
    points.set(at, standing ? joined(standing, entry) : entry);
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

/** All that fell into one stretch of time from `time` on. */
export interface SeriesPoint {
  time: number;
  count: number;
  avg: number;
  min: number;
  max: number;
}
