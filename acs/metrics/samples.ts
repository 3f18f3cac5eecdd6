// Samples of chosen metrics, as rates and percentiles between two looks.

/** A metric in the form of prom-client. */
interface PlainMetric {
  name: string;
  values: { labels: Readonly<Record<string, unknown>>; value: number; metricName?: string }[];
}

/** The metrics that are sampled. */
export const sampledMetrics = [
  'acs_sessions_total',
  'acs_session_seconds',
  'acs_rpcs_total',
  'acs_cwmp_faults_total',
  'acs_sessions_open',
  'acs_admission_sessions',
] as const;

type Sampled = (typeof sampledMetrics)[number];

/** Numbers of all processes together at one time. */
export interface Look {
  sessions: number;
  lost: number;
  rpcs: number;
  faults: number;
  open: number;
  queue: number;
  /** Sessions that took no longer than each bound in seconds, in ascending order; the last bound is infinite. */
  buckets: ReadonlyMap<number, number>;
}

export function lookAt(metrics: readonly object[]): Look {
  const valuesOf = (name: Sampled) =>
    (metrics as readonly PlainMetric[]).flatMap(each => (each.name === name ? each.values : []));
  const sum = (name: Sampled, label?: string, wanted?: string): number =>
    valuesOf(name)
      .filter(({ labels }) => label === undefined || labels[label] === wanted)
      .reduce((total, { value }) => total + value, 0);
  const buckets = new Map<number, number>();
  for (const { labels, value, metricName } of valuesOf('acs_session_seconds')) {
    if (metricName !== 'acs_session_seconds_bucket') continue;
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return {
    sessions: sum('acs_sessions_total'),
    lost: sum('acs_sessions_total', 'outcome', 'lost'),
    rpcs: sum('acs_rpcs_total'),
    faults: sum('acs_cwmp_faults_total'),
    open: sum('acs_sessions_open'),
    queue: sum('acs_admission_sessions', 'state', 'waiting'),
    buckets: new Map([...buckets].sort(([a], [b]) => a - b)),
  };
}

/** Rates a second and percentiles of the time between two looks; percentiles are absent where no session ended. */
export function sampleBetween(before: Look, after: Look, seconds: number): Record<string, number> {
  const rate = (name: 'sessions' | 'lost' | 'rpcs' | 'faults'): number =>
    // A process that was replaced counts from 0.
    Math.max(0, after[name] - before[name]) / seconds;
  const took = [...after.buckets].map(([bound, count]): [number, number] => [
    bound,
    count - (before.buckets.get(bound) ?? 0),
  ]);
  const percentiles = Object.entries({ sessionP50: 0.5, sessionP95: 0.95, sessionP99: 0.99 }).flatMap(
    ([name, share]) => {
      const value = percentile(took, share);
      return value === undefined ? [] : [[name, value] as const];
    },
  );
  return {
    ...{ informs: rate('sessions'), lost: rate('lost'), rpcs: rate('rpcs'), faults: rate('faults') },
    ...{ open: after.open, queue: after.queue },
    ...Object.fromEntries(percentiles),
  };
}

/** Estimates a percentile within the bucket that holds it, as Prometheus does. @param buckets cumulative counts by their upper bounds */
export function percentile(buckets: readonly (readonly [number, number])[], share: number): number | undefined {
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const rank = share * total;
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      if (bound === Number.POSITIVE_INFINITY || count === below) return lower;
      return lower + ((bound - lower) * (rank - below)) / (count - below);
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
