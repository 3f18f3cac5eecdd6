// Jobs and their devices as callers may see them.
import type { Filter } from '../../query/filter.ts';
import type { JobPosition, JobPositionQuery } from '../../store/job-positions.ts';
import type { Caller } from '../access/caller.ts';
import { firstPage } from '../access/first-page.ts';
import { isShown } from '../rollout/creation.ts';
import { inBatches } from '../rollout/devices.ts';
import { isEnded, type Rollout } from '../rollout/plan.ts';
import { PolledCount } from '../rollout/progress.ts';
import type { JobContext } from './context.ts';
import { jobOfRollout, rolloutCounts, rolloutPositions, rolloutReasons } from './firmware-jobs.ts';
import type { Job } from './job.ts';
import { withDevicesOfJobs } from './job-filter.ts';
import { countLiveJobs, type LiveJob } from './progress.ts';
import type { Step } from './step.ts';
import { ReasonTally, Tally, type TextedReason } from './tally.ts';

type ReadContext = Pick<JobContext, 'store' | 'clock' | 'documents' | 'positions' | 'rollouts'>;

export class JobReads {
  /** The jobs that have not ended, as they were up to a few seconds ago. */
  readonly progress: PolledCount<LiveJob[]>;
  readonly #context: ReadContext;

  constructor(context: ReadContext) {
    this.#context = context;
    this.progress = new PolledCount(context.clock, () => countLiveJobs(context));
  }

  /** The jobs that are shown to the caller, rollouts among them, the newest first. */
  async list(caller: Caller): Promise<Job[]> {
    const rollouts = (await this.#context.rollouts.list(caller)).map(jobOfRollout);
    return [...(await this.own(caller)), ...rollouts].sort(byCreation);
  }

  /** The same without rollouts, in no order. */
  async own(caller: Caller): Promise<Job[]> {
    const jobs = (await this.#context.documents.list()).map(({ body }) => body);
    return jobs.filter(job => job.phase !== 'deleting' && isShown(job, caller));
  }

  /** @returns jobs that have not ended and download a stored file, by id */
  async usersOf(file: string): Promise<string[]> {
    const live = (await this.#context.documents.list()).map(({ body }) => body).filter(job => !isEnded(job));
    return live.filter(job => job.do.some(step => fileOf(step) === file)).map(({ id }) => id);
  }

  /** @throws UserError 404 */
  async get(id: string): Promise<Job> {
    const rollout = await this.rollout(id);
    return rollout ? jobOfRollout(rollout) : (await this.#context.documents.get(id)).body;
  }

  /** The rollout of that id where no job has it. */
  async rollout(id: string): Promise<Rollout | undefined> {
    const { documents, rollouts } = this.#context;
    if (await documents.find(id)) return undefined;
    return await rollouts.find(id);
  }

  /** The filter with devices in the place of jobs. @throws UserError 400 `bad-filter` */
  readonly withDevices = (filter: Filter, caller: Caller): Promise<Filter> =>
    withDevicesOfJobs(filter, this.#context, caller);

  /** Counts the devices of a job that the caller reaches, by state and wave. */
  async tally(id: string, caller: Caller): Promise<Tally> {
    const { store, positions, rollouts } = this.#context;
    const rollout = await this.rollout(id);
    if (rollout) return new Tally(await rolloutCounts(rollouts, rollout, caller));
    if (!caller.isScoped) return new Tally(await store.jobCounts(id));
    const tally = new Tally([]);
    for await (const items of positions.pages(id))
      for (const { state, wave } of await caller.seenOf(items, ({ device }) => device))
        tally.add({ state, wave, count: 1 });
    return tally;
  }

  /** The positions of devices that the caller reaches. */
  async devices(query: JobPositionQuery, caller: Caller): Promise<{ items: readonly JobPosition[]; next?: string }> {
    const { store, rollouts } = this.#context;
    const isRollout = (await this.rollout(query.job)) !== undefined;
    return await firstPage(
      query,
      next => (isRollout ? rolloutPositions(rollouts, next, caller) : store.jobPositions(next)),
      items => caller.seenOf(items, ({ device }) => device),
    );
  }

  /** The reasons of devices that the caller reaches. */
  async reasons(id: string, caller: Caller): Promise<TextedReason[]> {
    const { store, rollouts } = this.#context;
    if (await this.rollout(id)) return await rolloutReasons(rollouts, id, caller);
    if (caller.isScoped) return await reasonsWithin(this.#context, id, caller);
    return await inBatches(await store.jobReasons(id), async reason => {
      const first = await store.jobPosition(id, reason.examples[0] ?? '');
      return { ...reason, reason: first?.body.reason ?? '' };
    });
  }
}

const fileOf = (step: Step): string | undefined =>
  'file' in step ? step.file : 'task' in step ? step.task.file : undefined;

async function reasonsWithin(
  { positions }: Pick<JobContext, 'positions'>,
  id: string,
  caller: Caller,
): Promise<TextedReason[]> {
  const found = new ReasonTally();
  for await (const items of positions.pages(id))
    for (const position of await caller.seenOf(items, ({ device }) => device)) found.add(position);
  return found.list();
}

/** The newest first. */
const byCreation = (a: Job, b: Job): number => b.created - a.created || (a.id < b.id ? -1 : 1);
