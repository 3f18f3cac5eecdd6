// All that is due by time. Of several processes on one store, one does each duty when it is due: whoever writes it down first.
import type { Clock } from '../../shared/clock.ts';
import { isAbort, messageOf, UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Retention, Store } from '../store/store.ts';
import { type Alerts, EVALUATE_MS } from './alerts.ts';
import type { Files } from './files.ts';
import { type LivenessWatch, LOOK_MS } from './liveness.ts';

export interface Schedule {
  /** Does `work` every `ms`, the first time soon after the start unless it was done elsewhere meanwhile. What fails is logged and tried again. */
  every(name: string, ms: number, work: () => Promise<void>): void;
  /**
   * The same for what should not be kept waiting: begun soon after the start, and again whenever `soon` is called; but only by the process that
   * did it last, or when that one has let its time pass. Nothing is done, and nothing written, while it is not due.
   */
  promptly(name: string, ms: number, duty: { isDue(): Promise<boolean>; work(): Promise<void> }): { soon(): void };
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
/** Between one time and the next of what is done promptly. */
const PAUSE_MS = 1000;

export interface ScheduleContext {
  store: Store;
  clock: Clock;
  log: Log;
  /** This process. */
  owner: string;
  /** Whether another process has ended, so that nobody does what it did; none has unless told. */
  isGone?: (owner: string) => Promise<boolean>;
}

export function createSchedule({ store, clock, log, owner, isGone }: ScheduleContext): Schedule {
  const stopped = new AbortController();
  const begun: Promise<void>[] = [];

  /** @returns milliseconds until it is to be looked at again */
  const attend = async (name: string, ms: number, work: () => Promise<void>, prompt = false): Promise<number> => {
    const standing = await store.document<Duty>('duty', name);
    const now = clock.now();
    const since = now - (standing?.body.ran ?? Number.NEGATIVE_INFINITY);
    const before = standing?.body.owner ?? owner;
    const mayAgain = prompt && (before === owner || ((await isGone?.(before)) ?? false));
    // One that was done in the future was written by a clock that was wrong.
    if (since >= 0 && since < ms && !mayAgain) return ms - since;
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

  /** @returns milliseconds until it is to be looked at again */
  const attempt = async (name: string, ms: number, look: () => Promise<number>): Promise<number> => {
    try {
      return await look();
    } catch (error) {
      // Someone else was faster: when it is due next stands in the store. Or the store fails, which passes.
      const elsewhere = error instanceof UserError && error.code === 'changed-meanwhile';
      if (!elsewhere) log.warn('a duty was not begun', { duty: name, reason: messageOf(error) });
      return elsewhere ? 1000 : Math.min(ms, RETRY_MS);
    }
  };

  const keep = async (name: string, ms: number, work: () => Promise<void>): Promise<void> => {
    let wait = Math.min(ms, FIRST_MS);
    for (;;) {
      await clock.sleep(wait, stopped.signal);
      wait = await attempt(name, ms, () => attend(name, ms, work));
    }
  };

  const running = (name: string, work: Promise<void>): void => {
    begun.push(
      work.catch(error => {
        if (!isAbort(error)) log.error('the schedule ended', { duty: name, error });
      }),
    );
  };

  return {
    every: (name, ms, work) => running(name, keep(name, ms, work)),
    promptly: (name, ms, { isDue, work }) => {
      const bell = createBell(clock, stopped.signal);
      const look = async (): Promise<number> => ((await isDue()) ? await attend(name, ms, work, true) : ms);
      const go = async (): Promise<void> => {
        for (;;) {
          await clock.sleep(PAUSE_MS, stopped.signal);
          bell.hush();
          await bell.rung((await attempt(name, ms, look)) - PAUSE_MS);
        }
      };
      running(name, go());
      return { soon: bell.ring };
    },
    stop: async () => {
      stopped.abort(new DOMException('the ACS closes', 'AbortError'));
      await Promise.all(begun);
    },
  };
}

/** Somebody waits for a time, until the bell rings, or all ends; a bell that rang since it was hushed is heard at once. */
function createBell(
  clock: Clock,
  signal: AbortSignal,
): { ring(): void; hush(): void; rung(ms: number): Promise<void> } {
  let wake: (() => void) | undefined;
  let isRinging = false;
  return {
    ring: () => {
      isRinging = true;
      wake?.();
    },
    hush: () => {
      isRinging = false;
    },
    rung: ms =>
      new Promise(resolve => {
        if (isRinging || signal.aborted) return resolve();
        const timer = clock.after(Math.max(0, ms), () => end());
        const end = (): void => {
          timer.cancel();
          signal.removeEventListener('abort', end);
          wake = undefined;
          resolve();
        };
        wake = end;
        signal.addEventListener('abort', end);
      }),
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
  {
    store,
    clock,
    liveness,
    alerts,
    files,
  }: { store: Store; clock: Clock; liveness?: LivenessWatch; alerts?: Alerts; files?: Pick<Files, 'sweep'> },
  days: KeptDays,
): void {
  if (alerts) schedule.every('alerts', EVALUATE_MS, () => alerts.evaluate());
  if (liveness) schedule.every('liveness', LOOK_MS, () => liveness.look());
  schedule.every('retention', HOUR, async () => {
    await files?.sweep();
    await store.prune(retentionAt(clock.now(), days));
  });
}
