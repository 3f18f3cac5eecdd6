// The rights of a job's author, judged whenever devices begin: a job goes no further than its author may now.
import { UserError } from '../../errors.ts';
import { Caller } from '../access/caller.ts';
import { allowsOperation, type OperationFacts } from '../access/rights.ts';
import type { JobContext } from './context.ts';
import type { Job } from './job.ts';
import type { Step } from './step.ts';
import { kindOf } from './steps/kinds.ts';

const creation: OperationFacts = { name: 'createJob', role: 'operator', isRead: false };

/** Refuses steps whose operation on one device the caller may not call, or that concern what is out of its rights. @throws UserError 403 */
export async function assertSteps(steps: readonly Step[], caller: Caller, context: JobContext): Promise<void> {
  for (const step of steps) {
    const kind = kindOf(step);
    const { name, isRead } = kind.operation;
    if (!allowsOperation(caller.principal.rights, { name, role: 'operator', isRead }))
      throw new UserError(403, 'forbidden', `${name} is not allowed by the role ${caller.principal.role}`);
    await kind.assert?.(step, caller, context);
  }
}

/** @returns the author with its rights now, or the reason for which it may do nothing of the job any more */
export async function authorOf(
  context: JobContext,
  { author, do: steps }: Pick<Job, 'author' | 'do'>,
): Promise<Caller | { gone: string }> {
  const principal = author && (await context.access.now(author));
  const gone = { gone: `its author '${author?.name}' may not do this any more` };
  if (!principal || !allowsOperation(principal.rights, creation)) return gone;
  const caller = new Caller(context, principal);
  try {
    await assertSteps(steps, caller, context);
  } catch (error) {
    if (error instanceof UserError && (error.status === 403 || error.status === 404)) return gone;
    throw error;
  }
  return caller;
}
