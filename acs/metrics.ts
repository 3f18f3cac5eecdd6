// Metrics in Prometheus text: counted from events, or read at each scrape. No label names a device.
import { AggregatorRegistry, Registry } from 'prom-client';
import type { EventBus } from './events.ts';
import { countEvents } from './metrics/event-counters.ts';
import { addFleetGauges } from './metrics/fleet-gauges.ts';
import { addSessionGauges } from './metrics/session-gauges.ts';
import type { MetricSources } from './metrics/sources.ts';

export interface Metrics {
  text(): Promise<string>;
  /** As plain data, for the process that adds up those of its workers. */
  plain(): Promise<object[]>;
  /** Those with these names alone, of this process and its workers. */
  chosen(names: readonly string[]): Promise<object[]>;
  contentType: string;
  stop(): void;
}

export function createMetrics(events: EventBus, sources: MetricSources): Metrics {
  const registry = new Registry();
  const stop = countEvents(registry, events);
  addSessionGauges(registry, sources);
  addFleetGauges(registry, sources);
  return {
    plain: () => registry.getMetricsAsJSON(),
    chosen: async names => {
      const own = await Promise.all(names.map(async name => (await registry.getSingleMetric(name)?.get()) ?? {}));
      return [...own, ...((await sources.others?.()) ?? []).flat()];
    },
    text: async () => {
      if (!sources.others) return await registry.metrics();
      const own = await registry.getMetricsAsJSON();
      return await AggregatorRegistry.aggregate([own, ...(await sources.others())]).metrics();
    },
    contentType: registry.contentType,
    stop,
  };
}
