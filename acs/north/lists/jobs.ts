// The list of jobs, rollouts among them.

import type { Job } from '../../fleet/jobs/job.ts';
import { badCursor } from '../../store/paging.ts';
import type { CallContext } from '../operation.ts';
import { jobView } from '../views/jobs.ts';
import { isFieldOf } from './fields.ts';
import type { List } from './list.ts';

const columns = ['id', 'name', 'state', 'reason', 'author', 'created', 'planned', 'ended', 'wave', 'waiting'];
const fields = [
  ...columns,
  ...['filter', 'do', 'totals', 'waves', 'sizes', 'window', 'timezone', 'parallelism', 'wake', 'timeout', 'after'],
  ...['success', 'failure', 'dynamic', 'notBefore', 'log'],
];

/** The query as it is written. */
export interface JobListQuery {
  state?: string;
  sort?: 'created' | '-created';
}

type JobEntry = Record<string, unknown>;

/** The place of a job in the order: its time and its id. */
const placeOf = ({ created, id }: Job): string => `${String(created).padStart(16, '0')} ${id}`;

export function jobList({ state, sort = '-created' }: JobListQuery, context: CallContext): List<JobEntry> {
  const { fleet, caller, clock, show } = context;
  const direction = sort === 'created' ? 1 : -1;
  const found = async (): Promise<Job[]> =>
    (await fleet.jobs.reads.list(caller))
      .filter(({ phase }) => state === undefined || phase === state)
      .sort((a, b) => (placeOf(a) < placeOf(b) ? -direction : direction));
  return {
    name: 'jobs',
    columns,
    isField: isFieldOf(fields),
    page: async ({ limit, cursor }) => {
      const from = cursor === undefined ? undefined : readCursor(cursor);
      const isAfter = (job: Job): boolean =>
        from === undefined || (direction > 0 ? placeOf(job) > from : placeOf(job) < from);
      const rest = (await found()).filter(isAfter);
      const page = rest.slice(0, limit);
      const items: JobEntry[] = [];
      for (const job of page) items.push(jobView(job, (await fleet.jobs.reads.tally(job.id, caller)).byState(), show));
      const last = rest.length > limit ? page.at(-1) : undefined;
      return last ? { items, next: Buffer.from(placeOf(last)).toString('base64url') } : { items };
    },
    count: async () => ({ total: (await found()).length, exact: true, countedAt: clock.now() }),
    view: entry => entry,
  };
}

/** @throws UserError 400 `bad-cursor` */
function readCursor(cursor: string): string {
  const place = Buffer.from(cursor, 'base64url').toString();
  if (!/^\d{16} [\w.-]+$/.test(place)) throw badCursor();
  return place;
}
