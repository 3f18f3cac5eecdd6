// The context of a session: the fleet that it works for, and the log level of its failures.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { EventBus } from '../events.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { isStoreTrouble } from '../store/health.ts';

export interface SessionContext {
  fleet: Fleet;
  clock: Clock;
  log: Log;
  events: EventBus;
}

/** The level of an error's log line: a failing store is logged once (store/health.ts), not by each session. */
export const levelOf = (error: unknown): 'debug' | 'error' => (isStoreTrouble(error) ? 'debug' : 'error');
