// Log lines of events: one a session at info; faults, enrolments and connection requests as they happen.
import type { Log } from '../../shared/log.ts';
import type { EventBus } from '../events.ts';

export function logEvents(events: EventBus, log: Log): () => void {
  const ends = [
    events.on('session', event => log.info('session', { ...event })),
    events.on('enrolled', event => log.info('device', { ...event })),
    events.on('held', event => log.warn('device held', { ...event })),
    events.on('late', event => log.info('late', { ...event })),
    events.on('lost', event => log.warn('lost', { ...event })),
    events.on('back', event => log.info('back', { ...event })),
    events.on('alert', event => log.warn('alert', { ...event })),
    events.on('webhook', event => log[event.outcome === 'dead' ? 'warn' : 'debug']('webhook', { ...event })),
    events.on('knock', event => log.info('knocking', { ...event })),
    events.on('fault', ({ fault }) =>
      log.warn('fault', { device: fault.device, cause: fault.cause, code: fault.code, reason: fault.message }),
    ),
    events.on('connectionRequest', event => log.info('connection request', { ...event })),
    events.on('moving', event => log.info('moving', { ...event })),
    events.on('drift', event => log.warn('drift', { ...event })),
    events.on('reconciled', event => log.info('reconciled', { ...event })),
    events.on('task', ({ task }) =>
      log.debug('task', { id: task.id, device: task.device, method: task.method, state: task.state }),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
