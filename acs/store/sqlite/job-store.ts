// The positions of devices in jobs in the SQLite store: changes go to the writer, walks to the searches.
import type { JobCount, JobPosition, JobPositionStore, JobReason } from '../job-positions.ts';
import type { Connections } from './connections.ts';

/** Positions that one request deletes, so that it never holds up the others for long. */
const DELETED_AT_ONCE = 1000;

export const jobStore = ({ write, search, queries: { jobs } }: Connections): JobPositionStore => ({
  addJobPositions: async positions => {
    await write({ do: 'jobs', change: { do: 'add', positions } });
  },
  moveJobPositions: async positions => (await write({ do: 'jobs', change: { do: 'move', positions } })) as boolean[],
  jobPosition: async (job, device) => jobs.one(job, device),
  jobMembers: async (job, devices) => jobs.members(job, devices),
  jobPositions: async query => (await search({ do: 'jobPositions', query })) as { items: JobPosition[]; next?: string },
  jobTurns: async query => (await search({ do: 'jobTurns', query })) as JobPosition[],
  jobDue: async (job, now, limit) => (await search({ do: 'jobDue', job, now, limit })) as JobPosition[],
  nextJobDue: async after => jobs.nextDue(after),
  jobAway: async device => jobs.away(device),
  jobCounts: async job => (await search({ do: 'jobCounts', job })) as JobCount[],
  jobReasons: async job => (await search({ do: 'jobReasons', job })) as JobReason[],
  deleteJobPositions: async job => {
    const change = { do: 'delete', job, limit: DELETED_AT_ONCE } as const;
    while ((await write({ do: 'jobs', change })) === DELETED_AT_ONCE);
  },
});
