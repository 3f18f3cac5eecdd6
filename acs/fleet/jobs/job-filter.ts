// Searches for devices by `job`, `jobState` and `jobCode`: the devices of a job take their place, before a store sees the filter.
import { UserError } from '../../errors.ts';
import { literalText } from '../../query/compare.ts';
import { atomsOf, devicesWithIds, everyDevice, type Filter } from '../../query/filter.ts';
import { type JobPosition, type JobState, jobStates } from '../../store/job-positions.ts';
import { eachPage } from '../../store/paging.ts';
import type { Caller } from '../access/caller.ts';
import { isShown } from '../rollout/creation.ts';
import type { JobContext } from './context.ts';
import { rolloutFilter, rolloutPositionsWith } from './firmware-jobs.ts';

type Context = Pick<JobContext, 'store' | 'documents' | 'rollouts'>;

/** Devices of a job that one search names. */
const MAX_DEVICES = 10_000;
const PAGE = 1000;

const bad = (text: string): UserError => new UserError(400, 'bad-filter', text);
const isJobAtom = (filter: Filter): boolean => 'field' in filter && filter.field.kind === 'job';
const nameOf = (filter: Filter): string | undefined =>
  isJobAtom(filter) && 'field' in filter ? filter.field.name : undefined;
const isJob = (filter: Filter): boolean => nameOf(filter) === 'job';
const textOf = (filter: Filter): string => (filter.op === 'compare' ? literalText(filter.value) : '');

/** The filter is about nothing but states and reasons in a job. */
const isOfStates = (filter: Filter): boolean =>
  filter.op === 'or' ? filter.of.every(isOfStates) : isJobAtom(filter) && !isJob(filter);

/**
 * The filter with the devices of jobs in the place of their names. A state or reason is that in the job beside it:
 * `job = "x" and jobState = "failed"`.
 * @throws UserError 400 `bad-filter` for a job that the caller is not shown, an unknown state, a state without a job, too many devices
 */
export async function withDevicesOfJobs(filter: Filter, context: Context, caller: Caller): Promise<Filter> {
  if (!atomsOf(filter).some(isJobAtom)) return filter;
  return await replaced(filter, undefined, asked => devicesOf(context, asked, caller));
}

/** A job, the devices of it in one state, or those with one reason. */
interface Asked {
  job: string;
  state?: string | undefined;
  code?: string | undefined;
}

type DevicesOf = (asked: Asked) => Promise<Filter>;

/** @param job the job beside or around the part */
async function replaced(filter: Filter, job: string | undefined, devices: DevicesOf): Promise<Filter> {
  if (filter.op === 'not') return { op: 'not', of: await replaced(filter.of, job, devices) };
  if (filter.op === 'or') return { op: 'or', of: await eachReplaced(filter.of, job, devices) };
  if (filter.op === 'and') {
    const named = [...new Set(filter.of.filter(isJob).map(textOf))];
    const beside = named.length === 0 ? job : named.length === 1 ? named[0] : undefined;
    // The state in a job implies the job, whose devices may be too many.
    const isImplied = named.length === 1 && filter.of.some(isOfStates);
    const parts = isImplied ? filter.of.filter(part => !isJob(part)) : filter.of;
    return { op: 'and', of: await eachReplaced(parts, beside, devices) };
  }
  if (!isJobAtom(filter)) return filter;
  if (isJob(filter)) return await devices({ job: textOf(filter) });
  if (job === undefined) throw bad(`${nameOf(filter)} is that in one job: job = "NAME" and jobState = "failed"`);
  return await devices({ job, [nameOf(filter) === 'jobCode' ? 'code' : 'state']: textOf(filter) });
}

async function eachReplaced(parts: readonly Filter[], job: string | undefined, devices: DevicesOf): Promise<Filter[]> {
  const made: Filter[] = [];
  for (const part of parts) made.push(await replaced(part, job, devices));
  return made;
}

async function devicesOf(context: Context, { job, state, code }: Asked, caller: Caller): Promise<Filter> {
  if (state !== undefined && !jobStates.some(known => known === state))
    throw bad(`there is no state "${state.slice(0, 64)}" in jobs: one of ${jobStates.join(', ')}`);
  const own = (await context.documents.find(job))?.body;
  if (own && own.phase !== 'deleting' && isShown(own, caller))
    return oneOf(await idsOf(job, positionsOf(context, { job, state, code })));
  const rollout = own ? undefined : await context.rollouts.find(job);
  if (rollout && isShown(rollout, caller)) {
    if (code === undefined) return rolloutFilter(job, state);
    return oneOf(await idsOf(job, rolloutPositionsWith(context.rollouts, job, code, caller)));
  }
  throw bad(`there is no job "${job.slice(0, 64)}"`);
}

const positionsOf = (
  { store }: Context,
  { job, state, code }: Asked,
): AsyncIterable<readonly Pick<JobPosition, 'device'>[]> =>
  eachPage(
    {
      job,
      limit: PAGE,
      ...(state === undefined ? {} : { state: state as JobState }),
      ...(code === undefined ? {} : { code }),
    },
    page => store.jobPositions(page),
  );

async function idsOf(job: string, pages: AsyncIterable<readonly Pick<JobPosition, 'device'>[]>): Promise<string[]> {
  const ids: string[] = [];
  for await (const positions of pages) {
    ids.push(...positions.map(({ device }) => device));
    if (ids.length > MAX_DEVICES)
      throw bad(`more than ${MAX_DEVICES} devices: narrow by jobState, or read GET /jobs/${job}/devices`);
  }
  return ids;
}

const oneOf = (ids: readonly string[]): Filter =>
  ids.length > 0 ? devicesWithIds(ids) : { op: 'not', of: everyDevice };
