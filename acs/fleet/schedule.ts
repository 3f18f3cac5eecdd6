// All that is due by time. Of several processes on one store, one does each duty when it is due: whoever writes it down first.
import type { Clock } from '../../shared/clock.ts';
import { isAbort, messageOf, UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Retention, Store } from '../store/store.ts';
import { type Alerts, EVALUATE_MS } from './alerts.ts';
import { type LivenessWatch, LOOK_MS } from './liveness.ts';

export interface Schedule {
  /** Does `work` every `ms`, the first time soon after the start unless it was done elsewhere meanwhile. What fails is logged and tried again. */
  every(name: string, ms: number, work: () => Promise<void>): void;
  /** Nothing is begun any more; resolves when what was begun has ended. */
  stop(): Promise<void>;
}

/** As it stands in the store, kind `duty`. */
interface Duty {
  owner: string;
  /** When it was last begun, milliseconds. */
  ran: number;
}

/** After a start there is more urgent work. */
const FIRST_MS = 60_000;
const RETRY_MS = 5 * 60_000;

export function createSchedule(context: { store: Store; clock: Clock; log: Log; owner: string }): Schedule {
  const { store, clock, log, owner } = context;
  const stopped = new AbortController();
  const running: Promise<void>[] = [];

  /** @returns milliseconds until it is to be looked at again */
  const attend = async (name: string, ms: number, work: () => Promise<void>): Promise<number> => {
    const standing = await store.document<Duty>('duty', name);
    const now = clock.now();
    const since = now - (standing?.body.ran ?? Number.NEGATIVE_INFINITY);
    // One that was done in the future was written by a clock that was wrong.
    if (since >= 0 && since < ms) return ms - since;
    const taken = await store.putDocument('duty', name, { owner, ran: now } satisfies Duty, standing?.generation ?? 0);
    try {
      await work();
      return ms;
    } catch (error) {
      const retry = Math.min(ms, RETRY_MS);
      await store.putDocument('duty', name, { owner, ran: now - ms + retry } satisfies Duty, taken);
      log.warn('a duty failed', { duty: name, reason: messageOf(error), retrySeconds: retry / 1000 });
      return retry;
    }
  };

  const keep = async (name: string, ms: number, work: () => Promise<void>): Promise<void> => {
    let wait = Math.min(ms, FIRST_MS);
    for (;;) {
      await clock.sleep(wait, stopped.signal);
      try {
        wait = await attend(name, ms, work);
      } catch (error) {
        // Someone else was faster: when it is due next stands in the store. Or the store fails, which passes.
        const elsewhere = error instanceof UserError && error.code === 'changed-meanwhile';
        if (!elsewhere) log.warn('a duty was not begun', { duty: name, reason: messageOf(error) });
        wait = elsewhere ? 1000 : Math.min(ms, RETRY_MS);
      }
    }
  };

  return {
    every: (name, ms, work) => {
      running.push(
        keep(name, ms, work).catch(error => {
          if (!isAbort(error)) log.error('the schedule ended', { duty: name, error });
        }),
      );
    },
    stop: async () => {
      stopped.abort(new DOMException('the ACS closes', 'AbortError'));
      await Promise.all(running);
    },
  };
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Whatever their age, no more of a kind are kept. */
const MAX_KEPT = 1_000_000;

export interface KeptDays {
  tasks: number;
  audit: number;
}

export const retentionAt = (now: number, days: KeptDays): Retention => ({
  endedTasks: { before: now - days.tasks * DAY, keep: MAX_KEPT },
  audit: { before: now - days.audit * DAY, keep: MAX_KEPT },
});

/** The duties of every ACS. */
export function startDuties(
  schedule: Schedule,
  { store, clock, liveness, alerts }: { store: Store; clock: Clock; liveness?: LivenessWatch; alerts?: Alerts },
  days: KeptDays,
): void {
  if (alerts) schedule.every('alerts', EVALUATE_MS, () => alerts.evaluate());
  if (liveness) schedule.every('liveness', LOOK_MS, () => liveness.look());
  schedule.every('retention', HOUR, () => store.prune(retentionAt(clock.now(), days)));
}
