// The approval of a rollout or a job by a second person: until then it waits, and no device is planned.
import { UserError } from '../../../errors.ts';
import type { Caller } from '../../access/caller.ts';
import { retryConflicts } from '../../common/documents.ts';
import type { RolloutContext } from '../context.ts';
import type { Plan, Rollout } from '../plan.ts';

/** @returns the change by which the caller lets the plan begin @throws UserError 403 `own-plan` for its author, 409 where it does not wait */
export function approvalBy(
  { id, phase, author }: Plan,
  { principal }: Caller,
  { kind, now }: { kind: 'job' | 'rollout'; now: number },
): Pick<Plan, 'phase' | 'approval'> {
  if (phase !== 'waiting-for-approval')
    throw new UserError(409, 'wrong-phase', `${kind} '${id}' is ${phase}: there is nothing to approve`);
  if (!author || (author.name === principal.name && author.kind === principal.kind))
    throw new UserError(403, 'own-plan', `${kind} '${id}': another user or token than its author approves it`);
  return { phase: 'planning', approval: { by: principal.name, time: now } };
}

/** @returns the rollout, which may begin @throws UserError 403 for its author, 404, 409 where it does not wait */
export async function approveRollout(
  { documents, clock }: RolloutContext,
  id: string,
  caller: Caller,
): Promise<Rollout> {
  const { body } = await retryConflicts(async () => {
    const stored = await documents.get(id);
    const to = approvalBy(stored.body, caller, { kind: 'rollout', now: clock.now() });
    return await documents.change(stored, to, 'approved', to.approval?.by);
  });
  return body;
}
