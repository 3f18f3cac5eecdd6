// Metrics in Prometheus text, fed from the event bus. Never labelled by device.
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EventBus } from './events.ts';
import { livePhases } from './fleet/rollout/plan.ts';
import type { LiveRollout } from './fleet/rollout/progress.ts';

export interface MetricSources {
  /** Those of the workers, to be summed up. */
  others?: (() => Promise<object[][]>) | undefined;
  sessions: () => number;
  admission: () => { running: number; waiting: number; admitted: number; turnedAway: number; gaveUp: number };
  devices: () => Promise<{ state: string; count: number }[]>;
  alerts: () => Promise<{ name: string; groups: { state: string }[] }[]>;
  webhooks: () => Promise<{ webhook: string; waiting: number; dead: number }[]>;
  /** By what their own intervals say of them. */
  liveness: () => Promise<{ state: string; count: number }[]>;
  rollouts: () => Promise<LiveRollout[]>;
}

export interface Metrics {
  text(): Promise<string>;
  /** As plain data, for the process that sums them up. */
  plain(): Promise<object[]>;
  contentType: string;
  stop(): void;
}

export function createMetrics(events: EventBus, sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const sessions = new Counter({
    name: 'acs_sessions_total',
    help: 'CWMP sessions, by how they ended',
    labelNames: ['outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'acs_session_seconds',
    help: 'Duration of CWMP sessions',
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
    registers,
  });
  const rpcs = new Counter({
    name: 'acs_rpcs_total',
    help: 'RPCs, by method and direction',
    labelNames: ['method', 'direction'],
    registers,
  });
  const faults = new Counter({
    name: 'acs_cwmp_faults_total',
    help: 'CWMP faults, by code',
    labelNames: ['code'],
    registers,
  });
  const tasks = new Counter({
    name: 'acs_tasks_total',
    help: 'Task changes, by state reached',
    labelNames: ['state'],
    registers,
  });
  const wakes = new Counter({
    name: 'acs_connection_requests_total',
    help: 'Connection requests, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const knocks = new Counter({
    name: 'acs_knocks_total',
    help: 'CPEs heard for the first time without credentials',
    registers,
  });
  const files = new Counter({
    name: 'acs_file_bytes_total',
    help: 'Bytes of files that CPEs fetched or stored',
    registers,
  });
  new Gauge({
    name: 'acs_sessions_open',
    help: 'CWMP sessions now',
    registers,
    collect() {
      this.set(sources.sessions());
    },
  });
  addAdmission(registry, sources.admission);
  const waits = new Histogram({
    name: 'acs_admission_wait_seconds',
    help: 'How long Informs waited for a session, of those that had to wait',
    labelNames: ['outcome'],
    buckets: [0.1, 0.5, 1, 2, 5, 10, 15, 20],
    registers,
  });
  new Gauge({
    name: 'acs_devices',
    help: 'Devices, by state',
    labelNames: ['state'],
    registers,
    async collect() {
      for (const { state, count } of await sources.devices()) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'acs_devices_liveness',
    help: 'Devices that informed, by whether they still do: online, late, lost',
    labelNames: ['liveness'],
    registers,
    async collect() {
      for (const { state, count } of await sources.liveness()) this.set({ liveness: state }, count);
    },
  });
  new Gauge({
    name: 'acs_alert_groups',
    help: 'Groups of devices that are over what an alert allows: pending or firing',
    labelNames: ['alert', 'state'],
    registers,
    async collect() {
      this.reset();
      for (const { name, groups } of await sources.alerts())
        for (const state of ['pending', 'firing'])
          this.set({ alert: name, state }, groups.filter(group => group.state === state).length);
    },
  });
  new Gauge({
    name: 'acs_webhook_messages',
    help: 'Messages to webhooks: waiting to be taken, or given up',
    labelNames: ['webhook', 'state'],
    registers,
    async collect() {
      this.reset();
      for (const { webhook, waiting, dead } of await sources.webhooks()) {
        this.set({ webhook, state: 'waiting' }, waiting);
        this.set({ webhook, state: 'dead' }, dead);
      }
    },
  });
  addRollouts(registry, sources.rollouts);
  const messages = new Counter({
    name: 'acs_webhook_attempts_total',
    help: 'Messages sent to webhooks, by what became of them',
    labelNames: ['webhook', 'outcome'],
    registers,
  });
  const absences = new Counter({
    name: 'acs_liveness_changes_total',
    help: 'Devices that became late or lost, or came back',
    labelNames: ['to'],
    registers,
  });
  const ends = [
    ...(['late', 'lost', 'back'] as const).map(to => events.on(to, () => absences.inc({ to }))),
    events.on('webhook', ({ webhook, outcome }) => messages.inc({ webhook, outcome })),
    events.on('session', event => {
      sessions.inc({ outcome: event.outcome });
      seconds.observe(event.milliseconds / 1000);
    }),
    events.on('rpc', event => {
      rpcs.inc({ method: event.method, direction: event.direction });
      if (event.fault !== undefined) faults.inc({ code: String(event.fault) });
    }),
    events.on('task', event => tasks.inc({ state: event.task.state })),
    events.on('connectionRequest', event => wakes.inc({ outcome: event.accepted ? 'accepted' : 'failed' })),
    events.on('knock', () => knocks.inc()),
    events.on('waited', ({ outcome, waitedMs }) => waits.observe({ outcome }, waitedMs / 1000)),
    events.on('file', event => files.inc(event.bytes)),
  ];
  return {
    plain: () => registry.getMetricsAsJSON(),
    text: async () => {
      if (!sources.others) return await registry.metrics();
      const own = await registry.getMetricsAsJSON();
      return await AggregatorRegistry.aggregate([own, ...(await sources.others())]).metrics();
    },
    contentType: registry.contentType,
    stop: () => {
      for (const end of ends) end();
    },
  };
}

/** Of those that have not ended, so that there are never many. */
function addRollouts(registry: Registry, live: MetricSources['rollouts']): void {
  const registers = [registry];
  new Gauge({
    name: 'acs_rollout_devices',
    help: 'Devices of rollouts that have not ended, by state',
    labelNames: ['rollout', 'state'],
    registers,
    async collect() {
      const rollouts = await live();
      this.reset();
      for (const { rollout, devices } of rollouts)
        for (const { state, count } of devices) this.set({ rollout, state }, count);
    },
  });
  new Gauge({
    name: 'acs_rollout_phase',
    help: '1 for the phase in which a rollout that has not ended is, 0 for the others',
    labelNames: ['rollout', 'phase'],
    registers,
    async collect() {
      const rollouts = await live();
      this.reset();
      for (const { rollout, phase: now } of rollouts)
        for (const phase of livePhases) this.set({ rollout, phase }, Number(phase === now));
    },
  });
}

/** Sessions that run and wait, and what became of those that came: read when asked for, so that nothing is counted twice. */
function addAdmission(registry: Registry, state: MetricSources['admission']): void {
  const registers = [registry];
  new Gauge({
    name: 'acs_admission_sessions',
    help: 'Sessions that hold one of --max-sessions places, and Informs that wait for one',
    labelNames: ['state'],
    registers,
    collect() {
      const { running, waiting } = state();
      this.set({ state: 'running' }, running);
      this.set({ state: 'waiting' }, waiting);
    },
  });
  new Counter({
    name: 'acs_admission_total',
    help: 'Sessions that CPEs wanted to begin, by what became of them',
    labelNames: ['outcome'],
    registers,
    collect() {
      const { admitted, turnedAway, gaveUp } = state();
      this.reset();
      this.inc({ outcome: 'admitted' }, admitted);
      this.inc({ outcome: 'turned-away' }, turnedAway);
      this.inc({ outcome: 'gave-up' }, gaveUp);
    },
  });
}
