// Events that concern positions of jobs: the end of a task, the return of a device. They only make the engine look sooner: what a process
// misses is found when the position is due.
import type { JobContext } from './context.ts';

type Context = Pick<JobContext, 'store' | 'clock' | 'log' | 'events' | 'positions'>;

export class JobSignals {
  readonly #context: Context;
  readonly #soon: () => void;
  readonly #notices = new Set<Promise<void>>();

  /** @param soon called when there is something to look at */
  constructor(context: Context, soon: () => void) {
    const { events, store } = context;
    this.#context = context;
    this.#soon = soon;
    events.on('task', ({ task: { job, device, ended } }) => {
      if (job !== undefined && ended !== undefined) this.#notice(() => this.touch({ job, device }));
    });
    events.on('back', ({ device }) => {
      if (store.generation('job') > 0) this.#notice(() => this.#returned(device));
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#notices);
  }

  /** Notes what was heard; where that fails, the position is found when it is due. */
  #notice(work: () => Promise<void>): void {
    const { log } = this.#context;
    const notice = work()
      .catch(error => log.debug('job not told of an event', { error }))
      .finally(() => this.#notices.delete(notice));
    this.#notices.add(notice);
  }

  /** Makes the engine look at a position that runs, also where the engine writes it at the same time. */
  async touch({ job, device }: { job: string; device: string }): Promise<void> {
    const { store, positions, clock } = this.#context;
    for (let isTouched = false; !isTouched; ) {
      const position = await store.jobPosition(job, device);
      if (position?.state !== 'running') return;
      const { task } = position.body;
      const body = task === undefined ? {} : { task };
      isTouched = await positions.moveOne(position, { state: 'running', due: clock.now(), body });
    }
    this.#soon();
  }

  async #returned(device: string): Promise<void> {
    const { store, positions } = this.#context;
    const away = await store.jobAway(device);
    // One that was changed meanwhile was looked at.
    for (const position of away) await positions.moveOne(position, { state: 'planned' });
    if (away.length > 0) this.#soon();
  }
}
