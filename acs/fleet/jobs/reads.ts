// Jobs and their devices as callers may see them.
import { type JobPosition, type JobPositionQuery, type JobReason, MAX_EXAMPLES } from '../../store/job-positions.ts';
import type { Caller } from '../access/caller.ts';
import { firstPage } from '../access/first-page.ts';
import { isShown } from '../rollout/creation.ts';
import { inBatches } from '../rollout/devices.ts';
import type { JobContext } from './context.ts';
import type { Job } from './job.ts';
import { Tally } from './tally.ts';

export class JobReads {
  readonly #context: Pick<JobContext, 'store' | 'documents' | 'positions'>;

  constructor(context: Pick<JobContext, 'store' | 'documents' | 'positions'>) {
    this.#context = context;
  }

  /** The jobs that are shown to the caller, the newest first. */
  async list(caller: Caller): Promise<Job[]> {
    const found = (await this.#context.documents.list()).map(({ body }) => body);
    return found.filter(job => job.phase !== 'deleting' && isShown(job, caller)).sort(byCreation);
  }

  /** @throws UserError 404 */
  async get(id: string): Promise<Job> {
    return (await this.#context.documents.get(id)).body;
  }

  /** Counts the devices of a job that the caller reaches, by state and wave. */
  async tally(id: string, caller: Caller): Promise<Tally> {
    const { store, positions } = this.#context;
    if (!caller.isScoped) return new Tally(await store.jobCounts(id));
    const counts = [];
    for await (const items of positions.pages(id))
      for (const { state, wave } of await caller.seenOf(items, ({ device }) => device))
        counts.push({ state, wave, count: 1 });
    return new Tally(counts);
  }

  /** The positions of devices that the caller reaches. */
  async devices(query: JobPositionQuery, caller: Caller): Promise<{ items: readonly JobPosition[]; next?: string }> {
    const { store } = this.#context;
    return await firstPage(
      query,
      next => store.jobPositions(next),
      items => caller.seenOf(items, ({ device }) => device),
    );
  }

  /** The reasons of devices that the caller reaches, each with that of its first device. */
  async reasons(id: string, caller: Caller): Promise<(JobReason & { reason: string })[]> {
    const { store } = this.#context;
    const found = caller.isScoped ? await reasonsWithin(this.#context, id, caller) : await store.jobReasons(id);
    return await inBatches(found, async reason => {
      const first = await store.jobPosition(id, reason.examples[0] ?? '');
      return { ...reason, reason: first?.body.reason ?? '' };
    });
  }
}

async function reasonsWithin(
  { positions }: Pick<JobContext, 'positions'>,
  id: string,
  caller: Caller,
): Promise<JobReason[]> {
  const found = new Map<string, JobReason>();
  for await (const items of positions.pages(id))
    for (const { state, code, device } of await caller.seenOf(items, position => position.device)) {
      if (code === '') continue;
      const known = found.get(`${code} ${state}`) ?? { state, code, count: 0, examples: [] };
      known.count++;
      if (known.examples.length < MAX_EXAMPLES) known.examples.push(device);
      found.set(`${code} ${state}`, known);
    }
  return [...found.values()];
}

/** The newest first. */
const byCreation = (a: Job, b: Job): number => b.created - a.created || (a.id < b.id ? -1 : 1);
