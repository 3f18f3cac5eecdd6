// Errors about jobs.
import type { ErrorEntries } from './entry.ts';

export const jobErrors = {
  'bad-job': {
    status: 400,
    meaning: 'The plan of the job or one of its steps is not valid.',
    remedy: 'The text names the place.',
  },
  'no-such-job': { status: 404, meaning: 'There is no job with this id.', remedy: 'List the jobs.' },
  'job-exists': { status: 409, meaning: 'A job with this id exists.', remedy: 'Choose another id.' },
  'too-many-jobs': {
    status: 409,
    meaning: 'As many jobs as the server keeps are there.',
    remedy: 'Delete some that have ended.',
  },
  'job-live': {
    status: 409,
    meaning: 'The job has not ended.',
    remedy: 'Abort it, and wait for the devices that are under way.',
  },
  'nothing-planned': {
    status: 409,
    meaning: 'No device of the filter waits for its turn in the job.',
    remedy: 'List the devices of the job.',
  },
  'own-plan': {
    status: 403,
    meaning: 'A job or a rollout that waits for approval was made by the caller.',
    remedy: 'Have another user or token approve it.',
  },
  'no-way-back': {
    status: 409,
    meaning: 'The job has a step that cannot be undone, or no device has anything to undo.',
    remedy: 'Make a job that does the opposite.',
  },
} as const satisfies ErrorEntries;
