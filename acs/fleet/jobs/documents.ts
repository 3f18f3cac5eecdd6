// The documents of jobs (kind `job`), each changed only where it is still the one that was read.
import { isConflict } from '../../../shared/errors.ts';
import { UserError } from '../../errors.ts';
import { noticeId } from '../../store/notices.ts';
import type { Notice, StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import { logged } from '../rollout/plan.ts';
import type { Job } from './job.ts';

export type StoredJob = StoredDocument<Job>;

export const unknownJob = (id: string): UserError => new UserError(404, 'no-such-job', `no job '${id}'`);

/** Jobs that are kept; ended ones are deleted by operators. */
const MAX_JOBS = 1000;

export class JobDocuments {
  readonly #context: FleetContext;
  readonly #documents: Documents<Job>;

  constructor(context: FleetContext) {
    this.#context = context;
    this.#documents = documents<Job>(context, 'job', { missing: unknownJob, changeEvent: false });
  }

  /** All jobs, with those that are being deleted. */
  list(): Promise<StoredJob[]> {
    return this.#documents.list();
  }

  find(id: string): Promise<StoredJob | undefined> {
    return this.#documents.find(id);
  }

  /** Reads a job that is not being deleted. @throws UserError 404 */
  async get(id: string): Promise<StoredJob> {
    const found = await this.#documents.get(id);
    if (found.body.phase === 'deleting') throw unknownJob(id);
    return found;
  }

  /** @throws UserError 409 where there is one of that id, or there are too many */
  async create(job: Job): Promise<StoredJob> {
    const { length } = await this.list();
    if (length >= MAX_JOBS)
      throw new UserError(409, 'too-many-jobs', `${length} jobs are kept at most: delete some that have ended`);
    try {
      const created = await this.#documents.replace(job.id, job, undefined);
      this.#context.events.emit('job', progressOf(job));
      return created;
    } catch (error) {
      if (!isConflict(error)) throw error;
      throw new UserError(409, 'job-exists', `job '${job.id}' exists`);
    }
  }

  /**
   * Changes a job where it is still the one that was read. A new phase or wave is announced to webhooks, too.
   * @param text for its log @param by the actor, where it was one
   * @throws UserError 409 for which `isConflict` holds
   */
  async change(stored: StoredJob, to: Partial<Job>, text?: string, by?: string): Promise<StoredJob> {
    const now = this.#context.clock.now();
    const before = stored.body;
    const body: Job = { ...before, ...to, log: text === undefined ? before.log : logged(before, now, text, by) };
    const isMoved = body.phase !== before.phase || body.wave !== before.wave;
    if (isMoved) body.opened = now;
    const changed = await this.#documents.replace(before.id, body, stored, isMoved ? [noticeOf(body, now)] : []);
    if (isMoved) {
      this.#context.events.emit('job', progressOf(body));
      this.#context.log.info('job moved on', progressOf(body));
    }
    return changed;
  }

  async remove(id: string): Promise<void> {
    await this.#documents.remove(id, true);
  }
}

const progressOf = ({ id, phase, wave, reason }: Job) => ({
  job: id,
  state: phase,
  wave,
  ...(reason === undefined ? {} : { reason }),
});

const noticeOf = (job: Job, time: number): Notice => {
  const { id, phase, wave } = job;
  return { id: noticeId('job', id, phase, String(wave), time), type: 'job', time, data: progressOf(job) };
};
