// The metrics of all workers, which the primary adds to its own. Counters of an ended worker still count, as last read.
import type { Relay } from './relay.ts';

export interface WorkerSums {
  others(): Promise<object[][]>;
  /** Keeps the counters of a worker that has ended. */
  ended(member: string): void;
}

interface Plain {
  name: string;
  type: string;
  values: { labels: object; value: number; metricName?: string }[];
}

export function createWorkerSums(relay: Relay, workers: () => string[]): WorkerSums {
  const last = new Map<string, Plain[]>();
  /** The sums over all ended workers, by name of the metric. */
  const ended = new Map<string, Plain>();

  const add = ({ name, values, ...about }: Plain): void => {
    const known = ended.get(name) ?? { ...about, name, values: [] };
    ended.set(name, known);
    for (const value of values) {
      const same = known.values.find(
        ({ labels, metricName }) =>
          metricName === value.metricName && JSON.stringify(labels) === JSON.stringify(value.labels),
      );
      if (same) same.value += value.value;
      else known.values.push({ ...value });
    }
  };
  return {
    others: async () => {
      const asked = workers().map(async member => {
        try {
          const plain = (await relay.call(member, 'metrics', {})) as Plain[];
          last.set(member, plain);
          return plain;
        } catch {
          // While a worker starts or ends, its last values are used.
          return last.get(member) ?? [];
        }
      });
      return [...(await Promise.all(asked)), [...ended.values()]];
    },
    ended: member => {
      const plain = last.get(member) ?? [];
      last.delete(member);
      // Gauges describe only the present.
      for (const metric of plain) if (metric.type === 'counter' || metric.type === 'histogram') add(metric);
    },
  };
}
