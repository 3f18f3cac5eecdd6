// The transfer worker: takes queued transfers one by one, between sessions, until each has an outcome to report.
import { isAbort } from '../../../shared/errors.ts';
import { Stoppable } from '../task-control.ts';
import { FailedAttempts } from './retry.ts';
import { type RunHost, TransferRun } from './run.ts';

const idle: Promise<void> = Promise.resolve();

export class Worker {
  readonly #agent: RunHost;
  readonly #attempts = new FailedAttempts();
  /** A restart of the unit was ordered: nothing more is begun. */
  #restarting = false;
  readonly #tasks = new Stoppable();
  #running = idle;
  /** The queue may have grown since the last look at it. */
  #again = false;

  constructor(agent: RunHost) {
    this.#agent = agent;
  }

  /** Finishes what a power cut left between storing and recording; to be called before the first session. */
  recover(): Promise<void> {
    return this.#run(run => run.recover());
  }

  /** The queue may have grown, or something in it is due. */
  wake(): void {
    this.#again = true;
    if (this.#running !== idle || this.#tasks.isStopped || this.#restarting) return;
    const running = this.#run(run => this.#work(run))
      .catch((error: unknown) => {
        if (!isAbort(error)) this.#agent.device.log.error('transfer queue failed', { error });
      })
      .then(() => {
        this.#running = idle;
        if (this.#again) this.wake();
      });
    this.#running = running;
  }

  /** Ends at once; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#tasks.stop();
    while (this.#running !== idle) await this.#running;
  }

  #run(task: (run: TransferRun) => Promise<void>): Promise<void> {
    return this.#tasks.run(async signal => {
      const run = new TransferRun(this.#agent, this.#attempts, signal);
      try {
        await task(run);
      } finally {
        this.#restarting ||= run.isRestarting;
      }
    });
  }

  async #work(run: TransferRun): Promise<void> {
    do {
      this.#again = false;
      while (await run.step());
    } while (this.#again);
  }
}
