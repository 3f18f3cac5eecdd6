// The judgement of a call by the rights of its caller, in one place before `run`: the operation, the device that it is about, its parameters.
import { UserError } from '../errors.ts';
import type { Caller } from '../fleet/access/caller.ts';
import type { Principal } from '../fleet/access/principal.ts';
import { allowsOperation, isUnlimited, type OperationFacts } from '../fleet/access/rights.ts';
import { unknownDevice } from '../fleet/devices/devices.ts';
import { unknownJob } from '../fleet/jobs/documents.ts';
import { unknownFault } from '../fleet/monitoring/faults.ts';
import { isShown } from '../fleet/rollout/creation.ts';
import { unknownRollout } from '../fleet/rollout/documents.ts';
import { unknownTask } from '../fleet/tasks/tasks.ts';
import { type CallContext, factsOf, type Operation, type OperationInput, param } from './operation.ts';

/** The event stream, which is in no table of operations. */
export const eventStreamFacts: OperationFacts = { name: 'streamEvents', role: 'viewer', isRead: true };

/** Refuses an operation that the rights do not allow, whatever it is called for. @throws UserError 403 */
export function assertAllowed(operation: Operation, principal: Principal): void {
  const refusal = refusalOf(operation, principal);
  if (refusal) throw refusal;
}

export const isAllowed = (operation: Operation, principal: Principal): boolean =>
  refusalOf(operation, principal) === undefined;

function refusalOf(operation: Operation, principal: Principal): UserError | undefined {
  const { name, rights } = principal;
  const { scope, parameters } = operation;
  if (scope === 'self') return undefined;
  const unnamed = namedRefusal(factsOf(operation), principal);
  if (unnamed) return unnamed;
  if (scope === 'access' && !isUnlimited(rights))
    return new UserError(403, 'forbidden', `${operation.name} needs the role admin, without limits`);
  if (scope === 'fleet' && rights.devices) {
    const reason = `${operation.name} concerns all devices; the rights of ${name} reach only some`;
    return new UserError(403, 'out-of-scope', reason);
  }
  if ((parameters === 'shows-any' && rights.read) || (parameters === 'sets-any' && (rights.set ?? rights.read))) {
    const reason = `${operation.name} may concern any parameter; the rights of ${name} allow only some`;
    return new UserError(403, 'parameters-forbidden', reason);
  }
  return undefined;
}

/** @throws UserError 403 */
export function assertNamed(facts: OperationFacts, principal: Principal): void {
  const refusal = namedRefusal(facts, principal);
  if (refusal) throw refusal;
}

function namedRefusal(facts: OperationFacts, { role, rights }: Principal): UserError | undefined {
  if (allowsOperation(rights, facts)) return undefined;
  const reason = rights.level ? `needs the role ${facts.role}` : `is not allowed by the role ${role}`;
  return new UserError(403, 'forbidden', `${facts.name} ${reason}`);
}

/** Refuses what lies out of the rights as if it were not there. @throws UserError 404 */
export async function assertReached(operation: Operation, input: OperationInput, context: CallContext): Promise<void> {
  const { caller } = context;
  if (caller.isScoped) await targets[operation.scope]?.(param(input), caller, context);
}

const targets: Partial<
  Record<Operation['scope'], (id: string, caller: Caller, context: CallContext) => Promise<void>>
> = {
  device: async (id, caller) => {
    if (!(await caller.sees(id))) throw unknownDevice(id);
  },
  task: async (id, caller, { fleet }) => {
    if (!(await caller.sees((await fleet.tasks.get(id)).device))) throw unknownTask(id);
  },
  fault: async (id, caller, { fleet }) => {
    if (!(await caller.sees((await fleet.faults.get(id)).device))) throw unknownFault(id);
  },
  rollout: async (id, caller, { fleet }) => {
    if (!isShown(await fleet.rollouts.get(id), caller)) throw unknownRollout(id);
  },
  job: async (id, caller, { fleet }) => {
    if (!isShown(await fleet.jobs.reads.get(id), caller)) throw unknownJob(id);
  },
};
