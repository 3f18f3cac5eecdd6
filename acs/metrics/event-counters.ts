// Counters and histograms that events of this process feed.
import { Counter, Histogram, type Registry } from 'prom-client';
import type { EventBus } from '../events.ts';

/** @returns ends the counting */
export function countEvents(registry: Registry, events: EventBus): () => void {
  const ends = [
    ...countSessions(registry, events),
    ...countRpcs(registry, events),
    ...countConnectionRequests(registry, events),
    ...countWork(registry, events),
    ...countWebhooksAndLiveness(registry, events),
  ];
  return () => {
    for (const end of ends) end();
  };
}

type Ends = (() => void)[];

function countSessions(registry: Registry, events: EventBus): Ends {
  const registers = [registry];
  const sessions = new Counter({
    name: 'acs_sessions_total',
    help: 'CWMP sessions, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'acs_session_seconds',
    help: 'Duration of CWMP sessions',
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
    registers,
  });
  const waits = new Histogram({
    name: 'acs_admission_wait_seconds',
    help: 'Waiting time of Informs that had to wait for a session, by outcome',
    labelNames: ['outcome'],
    buckets: [0.1, 0.5, 1, 2, 5, 10, 15, 20],
    registers,
  });
  return [
    events.on('session', event => {
      sessions.inc({ outcome: event.outcome });
      seconds.observe(event.milliseconds / 1000);
    }),
    events.on('waited', ({ outcome, waitedMs }) => waits.observe({ outcome }, waitedMs / 1000)),
  ];
}

function countRpcs(registry: Registry, events: EventBus): Ends {
  const registers = [registry];
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
  return [
    events.on('rpc', event => {
      rpcs.inc({ method: event.method, direction: event.direction });
      if (event.fault !== undefined) faults.inc({ code: String(event.fault) });
    }),
  ];
}

function countConnectionRequests(registry: Registry, events: EventBus): Ends {
  const registers = [registry];
  const requests = new Counter({
    name: 'acs_connection_requests_total',
    help: 'Connection requests, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const unknownCpes = new Counter({
    name: 'acs_knocks_total',
    help: 'CPEs heard for the first time without credentials',
    registers,
  });
  const wrongPasswords = new Counter({
    name: 'acs_wrong_passwords_total',
    help: 'Wrong passwords of CPEs, and those that were not even checked',
    labelNames: ['outcome'],
    registers,
  });
  return [
    events.on('connectionRequest', event => requests.inc({ outcome: event.accepted ? 'accepted' : 'failed' })),
    events.on('knock', () => unknownCpes.inc()),
    events.on('wrongPassword', ({ outcome }) => wrongPasswords.inc({ outcome })),
  ];
}

function countWork(registry: Registry, events: EventBus): Ends {
  const registers = [registry];
  const tasks = new Counter({
    name: 'acs_tasks_total',
    help: 'Task changes, by state reached',
    labelNames: ['state'],
    registers,
  });
  const files = new Counter({
    name: 'acs_file_bytes_total',
    help: 'Bytes of files that CPEs fetched or stored',
    registers,
  });
  return [
    events.on('task', event => tasks.inc({ state: event.task.state })),
    events.on('file', event => files.inc(event.bytes)),
  ];
}

function countWebhooksAndLiveness(registry: Registry, events: EventBus): Ends {
  const registers = [registry];
  const attempts = new Counter({
    name: 'acs_webhook_attempts_total',
    help: 'Attempts to deliver messages to webhooks, by outcome',
    labelNames: ['webhook', 'outcome'],
    registers,
  });
  const changes = new Counter({
    name: 'acs_liveness_changes_total',
    help: 'Devices that became late or lost, or came back',
    labelNames: ['to'],
    registers,
  });
  return [
    events.on('webhook', ({ webhook, outcome }) => attempts.inc({ webhook, outcome })),
    ...(['late', 'lost', 'back'] as const).map(to => events.on(to, () => changes.inc({ to }))),
  ];
}
