// The engine of jobs: one step finds what is due and does it. A step may be cut off anywhere and done again: all state is in positions
// and in the documents of jobs, each changed in one write.
import { messageOf } from '../../../../shared/errors.ts';
import { advanceAll } from '../../rollout/engine.ts';
import { isEnded } from '../../rollout/plan.ts';
import type { JobContext } from '../context.ts';
import type { Job } from '../job.ts';
import { JobPhases } from './phases.ts';

/** Nothing is left to do for it. */
const isOver = (job: Job): boolean => job.phase !== 'deleting' && isEnded(job) && (job.waiting ?? 0) === 0;

export class JobEngine {
  readonly #context: JobContext;
  readonly #phases: JobPhases;
  readonly #kicks = new Set<Promise<void>>();
  /** The last advance of each job: they go one after the other, so that one that holds a job finds what the one before it has begun. */
  readonly #advances = new Map<string, Promise<boolean>>();
  #isStopped = false;

  constructor(context: JobContext) {
    this.#context = context;
    this.#phases = new JobPhases(context);
  }

  /** Does all that is due, of all jobs. @returns when there is something to do again, milliseconds, as far as a time tells */
  async step(): Promise<number | undefined> {
    const { clock, documents, store } = this.#context;
    const began = clock.now();
    let hasMore = false;
    const times: number[] = [];
    for (const { body } of await documents.list()) {
      if (isOver(body)) continue;
      hasMore = (await this.#stepOne(body.id)) || hasMore;
      if (body.notBefore !== undefined && body.notBefore > began && !isEnded(body)) times.push(body.notBefore);
    }
    if (hasMore) return began;
    const due = await store.nextJobDue(began);
    return due === undefined && times.length === 0 ? undefined : Math.min(due ?? Number.POSITIVE_INFINITY, ...times);
  }

  /** Moves one job on at once, beside the steps: positions and documents are changed only where they are as they were read. */
  kick(id: string): void {
    if (this.#isStopped) return;
    const kick = this.#stepOne(id)
      .then(() => undefined)
      .catch(error => this.#context.log.warn('job not moved on', { job: id, reason: messageOf(error) }))
      .finally(() => this.#kicks.delete(kick));
    this.#kicks.add(kick);
  }

  /** @returns whether there may be more to do than one step does */
  async #stepOne(id: string): Promise<boolean> {
    const before = this.#advances.get(id) ?? Promise.resolve(false);
    const advance = before.then(
      () => this.#advance(id),
      () => this.#advance(id),
    );
    this.#advances.set(id, advance);
    try {
      return await advance;
    } finally {
      if (this.#advances.get(id) === advance) this.#advances.delete(id);
    }
  }

  async #advance(id: string): Promise<boolean> {
    const find = () => this.#context.documents.find(id);
    return await advanceAll(find, this.#phases, () => this.#isStopped);
  }

  /** Begins nothing any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#kicks);
    await this.#phases.stop();
  }
}
