// Operations on jobs: anything that is done to many devices.
import type { JobAction, RetryInput } from '../../fleet/jobs/actions.ts';
import type { Job, JobInput } from '../../fleet/jobs/job.ts';
import type { JobPositionQuery } from '../../store/job-positions.ts';
import { type JobListQuery, jobList } from '../lists/jobs.ts';
import { answerList } from '../lists/list.ts';
import type { CallContext, Operation } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import {
  jobAnswers as answers,
  jobCreateQuery,
  jobDevicesQuery,
  jobInput,
  jobListQuery,
  jobRetryInput,
} from '../schemas/jobs/jobs.ts';
import { excludeInput } from '../schemas/jobs/rollouts.ts';
import { jobDetailView, jobPositionView, jobReasonView, jobView } from '../views/jobs.ts';

const missing = { 404: 'No such job' };

const actions: Record<JobAction, { summary: string; wrong: string }> = {
  pause: {
    summary: 'Pauses a job: no device begins; what devices have begun goes on',
    wrong: 'The job is not running',
  },
  resume: { summary: 'Resumes a job and resets its failure count', wrong: 'The job is not paused' },
  abort: { summary: 'Ends a job for devices that have not begun', wrong: 'The job has ended' },
  retry: {
    summary: 'Retries failed devices at the step that has failed: all, the ones listed, or those of one reason',
    wrong: 'No device has failed, or the job is not planned yet',
  },
  rollback: {
    summary: 'Undoes the steps of a job on each device that has taken some, where each of them can be undone',
    wrong: 'A step cannot be undone, or the rollback is running already',
  },
};

async function viewOf(job: Job, { fleet, caller, show }: CallContext): Promise<Record<string, unknown>> {
  return jobView(job, (await fleet.jobs.reads.tally(job.id, caller)).byState(), show);
}

const action = (name: JobAction): Operation => ({
  name: `${name}Job`,
  summary: actions[name].summary,
  method: 'POST',
  path: `/jobs/:id/${name}`,
  role: 'operator',
  scope: 'job',
  parameters: 'checked',
  ...(name === 'retry' ? { body: { json: jobRetryInput, optional: true } } : {}),
  answers: { 200: answers.job },
  problems: { ...missing, 409: actions[name].wrong },
  run: async (input, context) => {
    const { fleet, caller } = context;
    return ok(
      await viewOf(await fleet.jobs.act(param(input), name, caller, (input.body ?? {}) as RetryInput), context),
    );
  },
});

export const jobs: readonly Operation[] = [
  {
    name: 'listJobs',
    summary: 'Lists jobs with their totals, newest first',
    method: 'GET',
    path: '/jobs',
    role: 'viewer',
    scope: 'devices',
    parameters: 'checked',
    query: jobListQuery,
    answers: { 200: answers.jobs },
    csv: true,
    run: async (input, context) => await answerList(input, jobList(input.query as JobListQuery, context)),
  },
  {
    name: 'createJob',
    summary:
      'Creates a job: does steps on each device of a filter or a list, wave by wave; or tries it out with dryRun',
    method: 'POST',
    path: '/jobs',
    role: 'operator',
    scope: 'devices',
    parameters: 'checked',
    query: jobCreateQuery,
    body: { json: jobInput },
    answers: { 200: answers.dryRun, 201: answers.job },
    problems: { 404: 'No such file or device', 409: 'A job with this id exists, or the number of devices has moved' },
    run: async ({ body, query }, context) => {
      const { fleet, caller } = context;
      if (query.dryRun === true) return ok(await fleet.jobs.dryRun(body as JobInput, caller));
      return { status: 201, body: await viewOf(await fleet.jobs.create(body as JobInput, caller), context) };
    },
  },
  {
    name: 'getJob',
    summary: 'Reads a job: totals, waves and limits',
    method: 'GET',
    path: '/jobs/:id',
    role: 'viewer',
    scope: 'job',
    parameters: 'checked',
    answers: { 200: answers.detail },
    problems: missing,
    run: async (input, { fleet, caller, show, clock }) => {
      const job = await fleet.jobs.reads.get(param(input));
      return ok(jobDetailView(job, await fleet.jobs.reads.tally(job.id, caller), clock.now(), show));
    },
  },
  {
    name: 'listJobDevices',
    summary: 'Lists the devices of a job in pages, with state, step and reason',
    method: 'GET',
    path: '/jobs/:id/devices',
    role: 'viewer',
    scope: 'job',
    parameters: 'checked',
    query: jobDevicesQuery,
    answers: { 200: answers.devices },
    problems: missing,
    run: async (input, { fleet, caller, show }) => {
      const job = await fleet.jobs.reads.get(param(input));
      const query = { limit: 100, ...(input.query as Partial<JobPositionQuery>), job: job.id };
      const { items, next } = await fleet.jobs.reads.devices(query, caller);
      return ok({ items: items.map(position => jobPositionView(position, show)), next: next ?? null });
    },
  },
  {
    name: 'listJobReasons',
    summary: 'Counts the devices of a job by the reason of their state',
    method: 'GET',
    path: '/jobs/:id/reasons',
    role: 'viewer',
    scope: 'job',
    parameters: 'checked',
    answers: { 200: answers.reasons },
    problems: missing,
    run: async (input, { fleet, caller, show }) => {
      const job = await fleet.jobs.reads.get(param(input));
      return ok({ items: (await fleet.jobs.reads.reasons(job.id, caller)).map(reason => jobReasonView(reason, show)) });
    },
  },
  {
    name: 'approveJob',
    summary: 'Lets a job begin that waits for approval; its author cannot',
    method: 'POST',
    path: '/jobs/:id/approve',
    role: 'operator',
    scope: 'job',
    parameters: 'checked',
    answers: { 200: answers.job },
    problems: { ...missing, 409: 'The job does not wait for approval' },
    run: async (input, context) => {
      const { fleet, caller } = context;
      return ok(await viewOf(await fleet.jobs.approve(param(input), caller), context));
    },
  },
  {
    name: 'excludeFromJob',
    summary: 'Leaves devices of a filter out of a job, as far as they have not begun',
    method: 'POST',
    path: '/jobs/:id/exclude',
    role: 'operator',
    scope: 'job',
    parameters: 'checked',
    body: { json: excludeInput },
    answers: { 200: answers.job },
    problems: { ...missing, 409: 'None of these devices waits for its turn' },
    run: async (input, context) => {
      const { fleet, caller } = context;
      const { filter } = input.body as { filter: string };
      return ok(await viewOf(await fleet.jobs.exclude(param(input), filter, caller), context));
    },
  },
  {
    name: 'deleteJob',
    summary: 'Deletes a job that has ended; what it has done stays',
    method: 'DELETE',
    path: '/jobs/:id',
    role: 'operator',
    scope: 'job',
    parameters: 'none',
    answers: { 204: 'nothing' },
    problems: { ...missing, 409: 'The job has not ended' },
    run: async (input, { fleet }) => {
      await fleet.jobs.remove(param(input));
      return none;
    },
  },
  ...(Object.keys(actions) as JobAction[]).map(action),
];
