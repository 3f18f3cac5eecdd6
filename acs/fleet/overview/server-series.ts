// Metrics of the server over the last 24 hours, in the memory of the process that serves the API: a page needs no Prometheus.
import { type Bucket, bucketAt, levels, merged, pointsOf, type SeriesPoint, slotOf } from '../../store/series.ts';

/** The series by name, each with its unit. */
export const seriesUnits = {
  informs: 'per second',
  lost: 'per second',
  rpcs: 'per second',
  faults: 'per second',
  sessionP50: 'seconds',
  sessionP95: 'seconds',
  sessionP99: 'seconds',
  open: 'sessions',
  queue: 'Informs',
  memory: 'bytes',
} as const;

export type SeriesName = keyof typeof seriesUnits;
export const seriesNames = Object.keys(seriesUnits) as SeriesName[];

/** Half a minute for a day. */
const [level] = levels as [(typeof levels)[number]];
export const SERIES_STEP_MS = level.step;
export const SERIES_SPAN_MS = level.step * level.slots;

export class ServerSeries {
  readonly #rings = new Map<SeriesName, Bucket[]>();

  add(time: number, values: Partial<Record<SeriesName, number>>): void {
    const bucket = bucketAt(time, level);
    for (const name of seriesNames) {
      const value = values[name];
      if (value === undefined || !Number.isFinite(value)) continue;
      const ring = this.#rings.get(name) ?? [];
      ring[slotOf(bucket, level)] = merged(ring[slotOf(bucket, level)], bucket, value);
      this.#rings.set(name, ring);
    }
  }

  /** @param limit the greatest number of points @returns points with the step between them, milliseconds */
  read(name: SeriesName, span: { from: number; to: number }, limit: number): { step: number; points: SeriesPoint[] } {
    const known = (this.#rings.get(name) ?? []).filter(bucket => bucket !== undefined);
    const step = Math.max(level.step, Math.ceil((span.to - span.from) / limit / level.step) * level.step);
    return { step, points: pointsOf(known, level, span, limit) };
  }
}
