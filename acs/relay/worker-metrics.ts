// The metrics of all workers, which the primary adds to its own. Counters of an ended worker still count, as last read.
import type { Relay } from './relay.ts';

/** A metric in the form of prom-client. */
interface Plain {
  name: string;
  type: string;
  values: { labels: object; value: number; metricName?: string }[];
}

export class WorkerMetrics {
  readonly #relay: Relay;
  readonly #workers: () => string[];
  /** The metrics of each worker, as last read. */
  readonly #last = new Map<string, Plain[]>();
  /** The sums over all ended workers, by name of the metric. */
  readonly #ended = new Map<string, Plain>();

  constructor(relay: Relay, workers: () => string[]) {
    this.#relay = relay;
    this.#workers = workers;
  }

  async others(): Promise<object[][]> {
    const plain = await Promise.all(this.#workers().map(async member => await this.#read(member)));
    return [...plain, [...this.#ended.values()]];
  }

  /** Keeps the counters of a worker that has ended. */
  ended(member: string): void {
    const plain = this.#last.get(member) ?? [];
    this.#last.delete(member);
    // Gauges describe only the present.
    for (const metric of plain) if (metric.type === 'counter' || metric.type === 'histogram') this.#add(metric);
  }

  async #read(member: string): Promise<Plain[]> {
    try {
      const plain = (await this.#relay.call(member, 'metrics', {})) as Plain[];
      this.#last.set(member, plain);
      return plain;
    } catch {
      // While a worker starts or ends, its last values are used.
      return this.#last.get(member) ?? [];
    }
  }

  #add({ name, values, ...about }: Plain): void {
    const sums = this.#ended.get(name) ?? { ...about, name, values: [] };
    this.#ended.set(name, sums);
    for (const value of values) {
      const same = sums.values.find(
        ({ labels, metricName }) =>
          metricName === value.metricName && JSON.stringify(labels) === JSON.stringify(value.labels),
      );
      if (same) same.value += value.value;
      else sums.values.push({ ...value });
    }
  }
}
