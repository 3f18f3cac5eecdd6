// The log lines of events: one per session, and one per fault, enrolment, connection request and other event.
import type { Log } from '../../shared/log.ts';
import type { EventBus } from '../events.ts';

export function logEvents(events: EventBus, log: Log): () => void {
  const ends = [
    events.on('session', event => log.info('device session ended', { ...event })),
    events.on('enrolled', event => log.info('device enrolment decided', { ...event })),
    events.on('held', event => log.warn('device held', { ...event })),
    events.on('late', event => log.info('device overdue', { ...event })),
    events.on('lost', event => log.warn('device lost', { ...event })),
    events.on('back', event => log.info('device informs again', { ...event })),
    events.on('alert', event => log.warn('alert changed', { ...event })),
    events.on('webhook', event =>
      log[event.outcome === 'dead' ? 'warn' : 'debug']('webhook delivery attempted', { ...event }),
    ),
    events.on('knock', event => log.info('unknown CPE heard', { ...event })),
    events.on('guessing', event => log.warn('passwords guessed', { ...event })),
    events.on('fault', ({ fault }) =>
      log.warn('device fault raised', {
        device: fault.device,
        cause: fault.cause,
        code: fault.code,
        reason: fault.message,
      }),
    ),
    events.on('connectionRequest', event => log.info('connection request sent', { ...event })),
    events.on('moving', event => log.info('ACS move started', { ...event })),
    events.on('drift', event => log.warn('drift detected', { ...event })),
    events.on('reconciled', event => log.info('device reconciled', { ...event })),
    events.on('task', ({ task }) =>
      log.debug('task changed', { id: task.id, device: task.device, method: task.method, state: task.state }),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
