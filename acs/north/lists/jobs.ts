// The list of jobs, rollouts among them.

import type { Job } from '../../fleet/jobs/job.ts';
import { type RecordFields, recordTest } from '../../query/record-filter.ts';
import { badCursor, cursorText, readCursor } from '../../store/paging.ts';
import type { CallContext } from '../operation.ts';
import { jobView } from '../views/jobs.ts';
import { isFieldOf } from './fields.ts';
import type { List } from './list.ts';

const columns = ['id', 'name', 'state', 'reason', 'author', 'created', 'planned', 'ended', 'wave', 'waiting'];
const fields = [
  ...columns,
  ...['filter', 'do', 'totals', 'waves', 'sizes', 'window', 'timezone', 'parallelism', 'wake', 'timeout', 'after'],
  ...['success', 'failure', 'dynamic', 'notBefore', 'approval', 'log'],
];

/** The query as it is written. */
export interface JobListQuery {
  state?: string;
  author?: string;
  find?: string;
  filter?: string;
  sort?: 'created' | '-created';
}

/** The fields of `filter`. */
const filterFields: RecordFields<Job> = {
  id: { kind: 'text', of: ({ id }) => id },
  name: { kind: 'text', of: ({ name }) => name },
  handle: { kind: 'text', of: ({ handle }) => handle },
  state: { kind: 'text', of: ({ phase }) => phase },
  author: { kind: 'text', of: ({ author }) => author?.name },
  created: { kind: 'time', of: ({ created }) => created },
  notBefore: { kind: 'time', of: ({ notBefore }) => notBefore },
  wave: { kind: 'number', of: ({ wave }) => wave },
};

type JobEntry = Record<string, unknown>;

/** The mark of its cursors. */
const SORT = 'job';

type Place = Pick<Job, 'created' | 'id'>;

const oldestFirst = (a: Place, b: Place): number => a.created - b.created || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** @throws UserError 400 `bad-filter` */
export function jobList({ sort = '-created', filter, ...query }: JobListQuery, context: CallContext): List<JobEntry> {
  const { fleet, caller, clock, show } = context;
  const order = (a: Place, b: Place): number => (sort === 'created' ? oldestFirst(a, b) : oldestFirst(b, a));
  const isFitting = filter === undefined ? () => true : recordTest(filter, filterFields);
  const found = async (): Promise<Job[]> => {
    const jobs = await fleet.jobs.reads.list(caller);
    return jobs.filter(job => isFound(job, query) && isFitting(job, clock.now())).sort(order);
  };
  return {
    name: 'jobs',
    columns,
    isField: isFieldOf(fields),
    page: async ({ limit, cursor }) => {
      const from = cursor === undefined ? undefined : placeIn(cursor);
      const rest = (await found()).filter(job => from === undefined || order(job, from) > 0);
      const page = rest.slice(0, limit);
      const items: JobEntry[] = [];
      for (const job of page) items.push(jobView(job, (await fleet.jobs.reads.tally(job.id, caller)).byState(), show));
      const last = rest.length > limit ? page.at(-1) : undefined;
      return last ? { items, next: cursorText(SORT, last.created, last.id) } : { items };
    },
    count: async () => ({ total: (await found()).length, exact: true, countedAt: clock.now() }),
    view: entry => entry,
  };
}

function isFound({ phase, author, id, name, handle }: Job, { state, find, author: by }: JobListQuery): boolean {
  if (state !== undefined && phase !== state) return false;
  if (by !== undefined && author?.name !== by) return false;
  const wanted = find?.toLowerCase() ?? '';
  return [id, name, handle].some(text => text?.toLowerCase().includes(wanted));
}

/** @throws UserError 400 `bad-cursor` */
function placeIn(cursor: string): Place {
  const { key, id } = readCursor(cursor, SORT);
  if (typeof key !== 'number') throw badCursor();
  return { created: key, id };
}
