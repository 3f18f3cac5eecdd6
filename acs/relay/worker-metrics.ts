// The metrics of the workers, to be added to the primary's. What one had counted when it ended still counts, as far as it was told.
import type { Relay } from './relay.ts';

export interface Sums {
  others(): Promise<object[][]>;
  /** A worker has ended. */
  ended(member: string): void;
}

interface Plain {
  name: string;
  type: string;
  values: { labels: object; value: number; metricName?: string }[];
}

export function createSums(relay: Relay, workers: () => string[]): Sums {
  const last = new Map<string, Plain[]>();
  /** Of all that have ended, by name of the metric and its labels. */
  const past = new Map<string, Plain>();

  const add = ({ name, values, ...about }: Plain): void => {
    const known = past.get(name) ?? { ...about, name, values: [] };
    past.set(name, known);
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
          // On its way up or down: what it said last is as good.
          return last.get(member) ?? [];
        }
      });
      return [...(await Promise.all(asked)), [...past.values()]];
    },
    ended: member => {
      const plain = last.get(member) ?? [];
      last.delete(member);
      // Gauges are of now.
      for (const metric of plain) if (metric.type === 'counter' || metric.type === 'histogram') add(metric);
    },
  };
}
