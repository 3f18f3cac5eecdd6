// The progress of jobs that have not ended, counted from indexes; for clients that poll it is cached for a few seconds.
import type { JobState } from '../../store/job-positions.ts';
import { isEnded, type RolloutPhase } from '../rollout/plan.ts';
import type { JobContext } from './context.ts';
import { Tally } from './tally.ts';

/** A job that has not ended. */
export interface LiveJob {
  job: string;
  phase: RolloutPhase;
  devices: { state: JobState; count: number }[];
}

/** Milliseconds for which a count is answered again. */
const KEPT_MS = 5000;
/** Jobs that are counted, the newest first: each is a label of metrics. */
const MAX_COUNTED = 50;

type Context = Pick<JobContext, 'store' | 'clock' | 'documents'>;

export class JobProgress {
  readonly #context: Context;
  #cached: { found: Promise<LiveJob[]>; until: number } | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  async read(): Promise<LiveJob[]> {
    const { clock } = this.#context;
    if (this.#cached && clock.monotonic() < this.#cached.until) return await this.#cached.found;
    const counting = { found: counted(this.#context), until: Number.POSITIVE_INFINITY };
    this.#cached = counting;
    try {
      return await counting.found;
    } catch (error) {
      this.#cached = undefined;
      throw error;
    } finally {
      counting.until = clock.monotonic() + KEPT_MS;
    }
  }
}

async function counted({ store, documents }: Context): Promise<LiveJob[]> {
  const live = (await documents.list()).map(({ body }) => body).filter(job => !isEnded(job));
  live.sort((a, b) => b.created - a.created);
  const found: LiveJob[] = [];
  for (const { id, phase } of live.slice(0, MAX_COUNTED)) {
    const byState = Object.entries(new Tally(await store.jobCounts(id)).byState());
    found.push({ job: id, phase, devices: byState.map(([state, count]) => ({ state: state as JobState, count })) });
  }
  return found;
}
