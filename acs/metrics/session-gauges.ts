// Metrics of sessions and of their admission, read from south at each scrape.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { MetricSources } from './sources.ts';

export function addSessionGauges(registry: Registry, { sessions, admission, descriptors }: MetricSources): void {
  new Gauge({
    name: 'acs_sessions_open',
    help: 'Open CWMP sessions',
    registers: [registry],
    collect() {
      this.set(sessions());
    },
  });
  addAdmission(registry, admission);
  if (descriptors) addDescriptors(registry, descriptors);
}

function addDescriptors(registry: Registry, state: NonNullable<MetricSources['descriptors']>): void {
  const registers = [registry];
  new Gauge({
    name: 'acs_descriptors_exhausted',
    help: '1 while the process can open no file and accept no connection',
    registers,
    collect() {
      this.set(state().isExhausted ? 1 : 0);
    },
  });
  new Counter({
    name: 'acs_descriptors_exhausted_total',
    help: 'Times at which the file descriptors of the process have become exhausted',
    registers,
    collect() {
      this.reset();
      this.inc(state().times);
    },
  });
}

/** The counter is read from admission's own totals, so nothing is counted twice. */
function addAdmission(registry: Registry, state: MetricSources['admission']): void {
  const registers = [registry];
  new Gauge({
    name: 'acs_admission_sessions',
    help: 'Sessions within --max-sessions, and Informs that wait for one',
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
    help: 'Sessions that CPEs asked for, by outcome',
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
