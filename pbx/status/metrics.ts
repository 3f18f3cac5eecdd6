// Metrics of the exchange in Prometheus text, read at each scrape. No label names a device.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Registry } from 'prom-client';
import { encryptionTypes } from '../exchange/data.ts';
import type { StatusSources } from './sources.ts';

export interface Metrics {
  text(): Promise<string>;
  contentType: string;
  stop(): void;
}

export function createMetrics(sources: StatusSources): Metrics {
  const registry = new Registry();
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  addTraffic(registry, sources);
  addPolicy(registry, sources);
  addProcess(registry, lag);
  return { text: () => registry.metrics(), contentType: registry.contentType, stop: () => lag.disable() };
}

function addTraffic(registry: Registry, sources: StatusSources): void {
  gauge(
    registry,
    'pbx_registrations',
    'Registered terminals, by kind and by how they came',
    ['kind', 'security'],
    set => {
      const terminals = sources.terminals();
      for (const kind of ['SIP', 'H.323'] as const) {
        const own = terminals.filter(one => one.kind === kind);
        const encrypted = own.filter(({ protocol }) => protocol === 'tls').length;
        set({ kind, security: 'encrypted' }, encrypted);
        set({ kind, security: 'clear' }, own.length - encrypted);
      }
    },
  );
  gauge(registry, 'pbx_calls', 'Calls, by kind and state', ['kind', 'state'], set => {
    const counts = new Map<string, { kind: string; state: string; count: number }>();
    for (const { kind, state } of sources.calls()) {
      const key = `${kind} ${state}`;
      counts.set(key, { kind, state, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    for (const { count, ...labels } of counts.values()) set(labels, count);
  });
  gauge(registry, 'pbx_connections', 'Open TCP and TLS connections', ['kind', 'protocol'], set => {
    const all = sources.connections();
    for (const kind of ['SIP', 'H.323'])
      for (const protocol of ['tcp', 'tls']) {
        const name = kind === 'SIP' ? protocol : `${kind} ${protocol}`;
        set({ kind, protocol }, all.filter(one => one.protocol === name).length);
      }
  });
  counter(registry, 'pbx_refusals_total', 'Registrations and calls refused, by row of the policy', ['row'], inc => {
    for (const [row, count] of sources.refusalTotals()) inc({ row }, count);
  });
  counter(
    registry,
    'pbx_messages_total',
    'Messages, by kind, direction and type',
    ['kind', 'direction', 'type'],
    inc => {
      for (const { count, ...labels } of sources.messages()) inc(labels, count);
    },
  );
}

function addPolicy(registry: Registry, { exchange }: StatusSources): void {
  gauge(registry, 'pbx_security_policy', 'Number of the security policy, 0 for none', [], set =>
    set({}, exchange.settings.policy),
  );
  gauge(registry, 'pbx_media_encryption', '1 where media encryption is enabled', ['type'], set => {
    for (const type of encryptionTypes) set({ type }, Number(exchange.settings.mediaEncryption[type]));
  });
  gauge(registry, 'pbx_extensions', 'Extensions of the data', [], set => set({}, exchange.size('extensions')));
}

function addProcess(registry: Registry, lag: IntervalHistogram): void {
  gauge(registry, 'pbx_event_loop_lag_seconds', 'Delay of the event loop since the last scrape', ['quantile'], set => {
    for (const quantile of [0.5, 0.99]) set({ quantile: String(quantile) }, lag.percentile(quantile * 100) / 1e9);
    set({ quantile: '1' }, lag.max / 1e9);
    lag.reset();
  });
  gauge(registry, 'process_resident_memory_bytes', 'Resident memory of the process', [], set =>
    set({}, process.memoryUsage.rss()),
  );
  gauge(registry, 'nodejs_heap_size_used_bytes', 'Memory of the heap in use', [], set =>
    set({}, process.memoryUsage().heapUsed),
  );
  counter(registry, 'process_cpu_seconds_total', 'Processor time of the process', [], inc => {
    const { user, system } = process.cpuUsage();
    inc({}, (user + system) / 1e6);
  });
}

type Labels = Record<string, string>;
type Set = (labels: Labels, value: number) => void;

/** A gauge whose values are all read at each scrape. */
function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  collect: (set: Set) => void,
): void {
  new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      collect((labels, value) => this.set(labels, value));
    },
  });
}

/** A counter that is read from totals, so that nothing is counted twice. */
function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  collect: (inc: Set) => void,
): void {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      collect((labels, value) => this.inc(labels, value));
    },
  });
}
