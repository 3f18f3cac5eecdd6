// Metrics of sessions and of their admission, read from south at each scrape.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { MetricSources } from './sources.ts';

export function addSessionGauges(registry: Registry, { sessions, admission }: MetricSources): void {
  new Gauge({
    name: 'acs_sessions_open',
    help: 'Open CWMP sessions',
    registers: [registry],
    collect() {
      this.set(sessions());
    },
  });
  addAdmission(registry, admission);
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
