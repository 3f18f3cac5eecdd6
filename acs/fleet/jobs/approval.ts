// The approval of a job by a second person.
import type { Caller } from '../access/caller.ts';
import { retryConflicts } from '../common/documents.ts';
import { approvalBy } from '../rollout/control/approval.ts';
import type { JobContext } from './context.ts';
import type { Job } from './job.ts';

/** @returns the job, which may begin @throws UserError 403 for its author, 404, 409 where it does not wait */
export async function approveJob({ documents, clock }: JobContext, id: string, caller: Caller): Promise<Job> {
  const { body } = await retryConflicts(async () => {
    const stored = await documents.get(id);
    const to = approvalBy(stored.body, caller, { kind: 'job', now: clock.now() });
    return await documents.change(stored, to, 'approved', to.approval?.by);
  });
  return body;
}
