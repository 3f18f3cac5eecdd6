// The schedule of all that is due by time. Of several processes on one store one does each duty when it is due: the first that writes
// down that it begins.
import { isAbort } from '../../../shared/errors.ts';
import type { PromptDuty, Schedule } from '../common/schedule.ts';
import { Duty } from './duty.ts';
import { PAUSE_MS, type ScheduleContext } from './duty-record.ts';
import { SoonSignal } from './soon-signal.ts';

/** After a start there is more urgent work. */
const FIRST_MS = 60_000;

class FleetSchedule implements Schedule {
  readonly #context: ScheduleContext;
  readonly #stopped = new AbortController();
  readonly #begun: Promise<void>[] = [];

  constructor(context: ScheduleContext) {
    this.#context = context;
  }

  every(name: string, ms: number, work: () => Promise<void>): void {
    const duty = new Duty(this.#context, name, ms, async () => void (await work()));
    this.#begin(name, this.#repeat(duty, Math.min(ms, FIRST_MS)));
  }

  promptly(name: string, ms: number, { isDue, work }: PromptDuty): { soon(): void } {
    const signal = new SoonSignal(this.#context.clock, this.#stopped.signal);
    const duty = new Duty(this.#context, name, ms, work);
    this.#begin(name, this.#repeatPromptly(duty, isDue, signal));
    return { soon: () => signal.raise() };
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new DOMException('the ACS closes', 'AbortError'));
    await Promise.all(this.#begun);
  }

  #begin(name: string, work: Promise<void>): void {
    this.#begun.push(
      work.catch(error => {
        if (!isAbort(error)) this.#context.log.error('duty ended unexpectedly', { duty: name, error });
      }),
    );
  }

  async #repeat(duty: Duty, firstMs: number): Promise<void> {
    for (let wait = firstMs; ; wait = await duty.attend()) await this.#sleep(wait);
  }

  async #repeatPromptly(duty: Duty, isDue: PromptDuty['isDue'], signal: SoonSignal): Promise<void> {
    // Work that was under way when the process before this one ended is taken up at once.
    for (let isAsked = true; ; ) {
      await this.#sleep(PAUSE_MS);
      isAsked = signal.take() || isAsked;
      const wait = await duty.attendPromptly(isAsked, isDue);
      if (wait === 0) continue;
      isAsked = false;
      await signal.wait(wait - PAUSE_MS);
    }
  }

  async #sleep(ms: number): Promise<void> {
    await this.#context.clock.sleep(ms, this.#stopped.signal);
  }
}

export const createSchedule = (context: ScheduleContext): Schedule => new FleetSchedule(context);
