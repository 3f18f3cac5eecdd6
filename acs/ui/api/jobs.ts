// Calls about jobs, rollouts of firmware among them.
import type { Static } from 'typebox';
import type * as files from '../../north/schemas/files.ts';
import type * as jobs from '../../north/schemas/jobs/jobs.ts';
import type * as rollouts from '../../north/schemas/jobs/rollouts.ts';
import type * as comparisons from '../../north/schemas/monitoring/comparison.ts';
import { call, urlOf } from './call.ts';
import type { Page } from './shapes.ts';

export type Job = Static<typeof jobs.jobAnswers.job>;
export type JobDetail = Static<typeof jobs.jobAnswers.detail>;
/** A step by the name of its field, as the documentation of jobs lists them. */
export type JobStep = Readonly<Record<string, unknown>>;
export type JobInput = Omit<Static<typeof jobs.jobInput>, 'do'> & { do: JobStep[] };
export type JobDryRun = Static<typeof jobs.jobAnswers.dryRun>;
export type JobReason = Static<typeof jobs.jobAnswers.reasons>['items'][number];
export type JobDevice = Static<typeof jobs.jobAnswers.devices>['items'][number];
export type JobState = JobDevice['state'];
export type Rollout = Static<typeof rollouts.rolloutAnswers.rolloutDetail>;
export type StoredFile = Static<typeof files.file>;
export type InCommon = Static<typeof comparisons.comparison>;

export const jobActions = ['pause', 'resume', 'retry', 'rollback', 'abort'] as const;
export type JobAction = (typeof jobActions)[number];

interface JobSearch {
  state?: string | undefined;
  find?: string | undefined;
  cursor?: string | undefined;
}

export const jobPath = (id: string, rest = ''): string => `/jobs/${encodeURIComponent(id)}${rest}`;

export const listJobs = async (search: JobSearch, signal?: AbortSignal): Promise<Page<Job>> =>
  await call('GET', '/jobs', { query: { ...search, limit: 50, count: true }, signal });

export const getJob = async (id: string, signal?: AbortSignal): Promise<JobDetail> =>
  await call('GET', jobPath(id), { signal });

/** The job as a rollout, with the states that only firmware has. */
export const getRollout = async (id: string, signal?: AbortSignal): Promise<Rollout> =>
  await call('GET', `/rollouts/${encodeURIComponent(id)}`, { query: { limit: 1 }, signal });

export const listReasons = async (id: string, signal?: AbortSignal): Promise<JobReason[]> =>
  (await call<{ items: JobReason[] }>('GET', jobPath(id, '/reasons'), { signal })).items;

export interface JobDeviceSearch {
  state?: string | undefined;
  wave?: string | undefined;
  code?: string | undefined;
  cursor?: string | undefined;
}

/** Devices that are shown of a job at most. */
export const MAX_DEVICES = 50;

export const listJobDevices = async (
  id: string,
  search: JobDeviceSearch,
  signal?: AbortSignal,
): Promise<{ items: JobDevice[]; next: string | null }> =>
  await call('GET', jobPath(id, '/devices'), { query: { ...search, limit: MAX_DEVICES }, signal });

/** @param code of `retry`: the failed devices of this reason alone */
export const actOnJob = async (id: string, action: JobAction, code?: string): Promise<Job> =>
  await call('POST', jobPath(id, `/${action}`), code === undefined ? {} : { body: { code } });

export const approveJob = async (id: string): Promise<Job> => await call('POST', jobPath(id, '/approve'));

export const excludeFromJob = async (id: string, filter: string): Promise<Job> =>
  await call('POST', jobPath(id, '/exclude'), { body: { filter } });

export const deleteJob = async (id: string): Promise<void> => await call('DELETE', jobPath(id));

export const dryRunJob = async (input: JobInput, signal?: AbortSignal): Promise<JobDryRun> =>
  await call('POST', '/jobs', { query: { dryRun: true }, body: input, signal });

export const createJob = async (input: JobInput): Promise<Job> => await call('POST', '/jobs', { body: input });

/** The stored files that devices can be sent. */
export const listFiles = async (type: string, signal?: AbortSignal): Promise<Page<StoredFile>> =>
  await call('GET', '/files', { query: { type, sort: '-time', limit: 200 }, signal });

/** The values that some devices have more often than others. */
export const compareDevices = async (these: string, against: string, signal?: AbortSignal): Promise<InCommon> =>
  await call('POST', '/compare', { body: { these, against, top: 12 }, signal });

/** The number of devices that fit. */
export const countDevices = async (filter: string, signal?: AbortSignal): Promise<Page<unknown>> =>
  await call('GET', '/devices', { query: { filter, limit: 1, count: true, fields: 'id' }, signal });

export const jobDevicesCsv = (filter: string): string => urlOf('/devices', { filter, format: 'csv' });
