// Metrics of the fleet's state: devices, alerts, webhooks, rollouts and jobs, read from the store at each scrape.
import { Gauge, type Registry } from 'prom-client';
import { livePhases } from '../fleet/rollout/plan.ts';
import type { MetricSources } from './sources.ts';

export function addFleetGauges(registry: Registry, sources: MetricSources): void {
  addDevices(registry, sources);
  addAlerts(registry, sources.alerts);
  addWebhooks(registry, sources.webhooks);
  addWork(registry, 'rollout', sources.rollouts);
  addWork(registry, 'job', sources.jobs);
}

function addDevices(registry: Registry, { devices, liveness }: MetricSources): void {
  const registers = [registry];
  new Gauge({
    name: 'acs_devices',
    help: 'Devices, by state',
    labelNames: ['state'],
    registers,
    async collect() {
      for (const { state, count } of await devices()) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'acs_devices_liveness',
    help: 'Devices that have informed, by liveness: online, late, lost',
    labelNames: ['liveness'],
    registers,
    async collect() {
      for (const { state, count } of await liveness()) this.set({ liveness: state }, count);
    },
  });
}

function addAlerts(registry: Registry, alerts: MetricSources['alerts']): void {
  new Gauge({
    name: 'acs_alert_groups',
    help: 'Groups of devices above the limit of an alert: pending or firing',
    labelNames: ['alert', 'state'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { name, groups } of await alerts())
        for (const state of ['pending', 'firing'])
          this.set({ alert: name, state }, groups.filter(group => group.state === state).length);
    },
  });
}

function addWebhooks(registry: Registry, webhooks: MetricSources['webhooks']): void {
  new Gauge({
    name: 'acs_webhook_messages',
    help: 'Messages to webhooks: waiting for delivery, or given up (dead)',
    labelNames: ['webhook', 'state'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { webhook, waiting, dead } of await webhooks()) {
        this.set({ webhook, state: 'waiting' }, waiting);
        this.set({ webhook, state: 'dead' }, dead);
      }
    },
  });
}

/** Only rollouts and jobs that have not ended, so the number of labels stays small. */
function addWork<N extends string>(registry: Registry, name: N, live: () => Promise<readonly LiveWork<N>[]>): void {
  const registers = [registry];
  new Gauge({
    name: `acs_${name}_devices`,
    help: `Devices of ${name}s that have not ended, by state`,
    labelNames: [name, 'state'] as string[],
    registers,
    async collect() {
      const works = await live();
      this.reset();
      for (const work of works)
        for (const { state, count } of work.devices) this.set({ [name]: work[name], state }, count);
    },
  });
  new Gauge({
    name: `acs_${name}_phase`,
    help: `Phase of each ${name} that has not ended: 1 for the current phase, 0 for the others`,
    labelNames: [name, 'phase'] as string[],
    registers,
    async collect() {
      const works = await live();
      this.reset();
      for (const work of works)
        for (const phase of livePhases) this.set({ [name]: work[name], phase }, Number(phase === work.phase));
    },
  });
}

/** A rollout or a job, with its id under the name of its kind. */
type LiveWork<N extends string> = Record<N, string> & {
  phase: string;
  devices: readonly { state: string; count: number }[];
};
