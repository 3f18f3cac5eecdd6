// One duty of this process: its record in the store says when and by which process it was last begun.
import type { Clock } from '../../../shared/clock.ts';
import { isConflict, messageOf } from '../../../shared/errors.ts';
import { DutyRecord, PAUSE_MS, type ScheduleContext, type StoredRecord } from './duty-record.ts';

const RETRY_MS = 5 * 60_000;
/** Until a duty is looked at again that another process began at the same time. */
const CONFLICT_MS = 1000;

export class Duty {
  readonly #context: ScheduleContext;
  readonly #name: string;
  readonly #intervalMs: number;
  readonly #record: DutyRecord;
  readonly #work: () => Promise<number | undefined>;

  /** @param work returns when there is something to do again, milliseconds, as far as that is known */
  constructor(context: ScheduleContext, name: string, intervalMs: number, work: () => Promise<number | undefined>) {
    this.#context = context;
    this.#name = name;
    this.#record = new DutyRecord(context, name);
    this.#intervalMs = intervalMs;
    this.#work = work;
  }

  /** Does the duty if its interval has passed. @returns milliseconds until it is to be looked at again */
  async attend(): Promise<number> {
    return await this.#attempt(async () => {
      const record = await this.#record.read();
      const since = this.#record.since(record);
      // A time in the future was written by a clock that was wrong.
      if (since >= 0 && since < this.#intervalMs) return this.#intervalMs - since;
      return (await this.#carryOut(record)).wait;
    });
  }

  /**
   * Does the duty if its interval or the time that it named has passed, or if it is asked for and no process is at it.
   * @returns milliseconds until it is to be looked at again; 0 while another process is at it
   */
  async attendPromptly(isAsked: boolean, isDue: () => Promise<boolean>): Promise<number> {
    return await this.#attempt(async () => {
      if (!(await isDue())) return this.#intervalMs;
      const record = await this.#record.read();
      const since = this.#record.since(record);
      const left = Math.min(this.#intervalMs - since, until(this.#context.clock, record?.body.next));
      if (record && Math.abs(since) < this.#intervalMs && left > 0) {
        if (!isAsked) return Math.max(PAUSE_MS, left);
        if (!(await this.#record.isFree(record, since))) return 0;
      }
      try {
        const { wait, next } = await this.#carryOut(record);
        await this.#record.release(next);
        return Math.max(PAUSE_MS, Math.min(wait, until(this.#context.clock, next)));
      } catch (error) {
        if (isConflict(error)) return 0;
        throw error;
      }
    });
  }

  async #attempt(look: () => Promise<number>): Promise<number> {
    try {
      return await look();
    } catch (error) {
      if (isConflict(error)) return CONFLICT_MS;
      this.#context.log.warn('duty not begun', { duty: this.#name, reason: messageOf(error) });
      return Math.min(this.#intervalMs, RETRY_MS);
    }
  }

  /** Writes down that the duty begins, and does it. @throws UserError for which `isConflict` holds where another process was faster */
  async #carryOut(record: StoredRecord | undefined): Promise<{ wait: number; next?: number | undefined }> {
    const { clock, log } = this.#context;
    const ran = clock.now();
    const taken = await this.#record.write(ran, record?.generation ?? 0);
    try {
      return { wait: this.#intervalMs, next: await this.#work() };
    } catch (error) {
      const wait = Math.min(this.#intervalMs, RETRY_MS);
      await this.#record.write(ran - this.#intervalMs + wait, taken);
      log.warn('duty failed', { duty: this.#name, reason: messageOf(error), retrySeconds: wait / 1000 });
      return { wait };
    }
  }
}

const until = (clock: Clock, next = Number.POSITIVE_INFINITY): number => next - clock.now();
