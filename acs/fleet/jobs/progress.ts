// The progress of jobs that have not ended, counted from indexes.
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

/** Jobs that are counted, the newest first: each is a label of metrics. */
const MAX_COUNTED = 50;

/** The jobs that have not ended, with their devices by state. */
export async function countLiveJobs({ store, documents }: Pick<JobContext, 'store' | 'documents'>): Promise<LiveJob[]> {
  const live = (await documents.list()).map(({ body }) => body).filter(job => !isEnded(job));
  live.sort((a, b) => b.created - a.created);
  const found: LiveJob[] = [];
  for (const { id, phase } of live.slice(0, MAX_COUNTED)) {
    const byState = Object.entries(new Tally(await store.jobCounts(id)).byState());
    found.push({ job: id, phase, devices: byState.map(([state, count]) => ({ state: state as JobState, count })) });
  }
  return found;
}
