// All that is due by time. Of several processes on one store, one does each duty when it is due: whoever writes it down first.
import type { Clock } from '../../../shared/clock.ts';
import { isAbort, messageOf, UserError } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { Store } from '../../store/store.ts';

export interface Schedule {
  /** Does `work` every `ms`, the first time soon after the start unless it was done elsewhere meanwhile. What fails is logged and tried again. */
  every(name: string, ms: number, work: () => Promise<void>): void;
  /**
   * The same for what should not be kept waiting: begun soon after the start, again whenever `soon` is called, and at the time that it
   * named when it was last done, by one process at a time. Nothing is done, and nothing written, while it is not due.
   */
  promptly(name: string, ms: number, duty: PromptDuty): { soon(): void };
  /** Nothing is begun any more; resolves when what was begun has ended. */
  stop(): Promise<void>;
}

export interface PromptDuty {
  isDue(): Promise<boolean>;
  /** @returns when there will be something to do again, milliseconds since 1970; undefined where no time is known */
  work(): Promise<number | undefined>;
}

/** As it stands in the store, kind `duty`. */
interface Duty {
  owner: string;
  /** When it was last begun, milliseconds. */
  ran: number;
  /** Of what is done promptly: it has ended, so that any process may begin it again. */
  idle?: true;
  /** Of what is done promptly: when it has something to do again, milliseconds, though it was done less than its interval ago. */
  next?: number;
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

  /** Whether what was begun a while ago is surely not done any more. */
  const isFree = async ({ owner: last, idle }: Duty, since: number): Promise<boolean> =>
    last === owner || (idle === true && since >= PAUSE_MS) || ((await isGone?.(last)) ?? false);

  /** Writes down that it begins, where nobody else did meanwhile, and does it. @returns milliseconds until it is to be looked at again */
  const carryOut = async (name: string, ms: number, duty: () => Promise<unknown>, expected = 0): Promise<number> => {
    const ran = clock.now();
    const taken = await store.putDocument('duty', name, { owner, ran } satisfies Duty, expected);
    try {
      await duty();
    } catch (error) {
      const retry = Math.min(ms, RETRY_MS);
      await store.putDocument('duty', name, { owner, ran: ran - ms + retry } satisfies Duty, taken);
      log.warn('a duty failed', { duty: name, reason: messageOf(error), retrySeconds: retry / 1000 });
      return retry;
    }
    return ms;
  };

  const sinceLast = (standing: { body: Duty } | undefined): number =>
    clock.now() - (standing?.body.ran ?? Number.NEGATIVE_INFINITY);

  /** @returns milliseconds until it is to be looked at again */
  const attend = async (name: string, ms: number, work: () => Promise<void>): Promise<number> => {
    const standing = await store.document<Duty>('duty', name);
    const since = sinceLast(standing);
    // One that was done in the future was written by a clock that was wrong.
    if (since >= 0 && since < ms) return ms - since;
    return await carryOut(name, ms, work, standing?.generation);
  };

  /** The same of what is done promptly. @param rung somebody has asked for it @returns 0: another process is at it */
  const attendNow = async (name: string, ms: number, work: PromptDuty['work'], rung: boolean): Promise<number> => {
    const standing = await store.document<Duty>('duty', name);
    const since = sinceLast(standing);
    const left = Math.min(ms - since, untilNext(standing?.body.next));
    if (standing && Math.abs(since) < ms && left > 0) {
      if (!rung) return Math.max(PAUSE_MS, left);
      if (!(await isFree(standing.body, since))) return 0;
    }
    let next: number | undefined;
    const noting = async (): Promise<void> => {
      next = await work();
    };
    try {
      const wait = await carryOut(name, ms, noting, standing?.generation);
      await release(name, next);
      return Math.max(PAUSE_MS, Math.min(wait, untilNext(next)));
    } catch (error) {
      if (error instanceof UserError && error.code === 'changed-meanwhile') return 0;
      throw error;
    }
  };

  const untilNext = (next = Number.POSITIVE_INFINITY): number => next - clock.now();

  /** Any process may begin it again. */
  const release = async (name: string, next: number | undefined): Promise<void> => {
    const own = await store.document<Duty>('duty', name);
    if (own?.body.owner !== owner) return;
    const body: Duty = { ...own.body, idle: true, ...(next === undefined ? {} : { next }) };
    await store.putDocument('duty', name, body, own.generation);
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
      const look = async (rung: boolean): Promise<number> =>
        (await isDue()) ? await attendNow(name, ms, work, rung) : ms;
      const go = async (): Promise<void> => {
        // What was under way when the process before this one ended is gone on with at once.
        for (let rung = true; ; ) {
          await clock.sleep(PAUSE_MS, stopped.signal);
          rung = bell.hush() || rung;
          const wait = await attempt(name, ms, () => look(rung));
          if (wait === 0) continue;
          rung = false;
          await bell.rung(wait - PAUSE_MS);
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
): { ring(): void; hush(): boolean; rung(ms: number): Promise<void> } {
  let wake: (() => void) | undefined;
  let isRinging = false;
  return {
    ring: () => {
      isRinging = true;
      wake?.();
    },
    hush: () => {
      const hasRung = isRinging;
      isRinging = false;
      return hasRung;
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
