// The creation of a job by a caller: its steps are checked, and its devices narrowed to those that the rights reach.
import { UserError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import { allowsOperation } from '../access/rights.ts';
import { presetFilters } from '../presets/preset-filters.ts';
import { identityOf, withinRights } from '../rollout/creation.ts';
import { filterOf, type PlanInput } from '../rollout/plan.ts';
import { assertWayBack } from './actions.ts';
import { assertSteps } from './author.ts';
import type { JobContext } from './context.ts';
import { type Job, type JobInput, jobOf } from './job.ts';
import { withDevicesOfJobs } from './job-filter.ts';
import type { Step } from './step.ts';
import { kindOf } from './steps/kinds.ts';

/** The share by which the number of devices may have moved since the caller has seen it. */
const MOVED_SHARE = 0.01;

/** @throws UserError 400 that names the place, 403, 404, 409 */
export async function plannedJob(context: JobContext, input: JobInput, caller: Caller): Promise<Job> {
  const { random, clock } = context;
  const { filter, ids } = input.devices;
  const asked = { ...(filter === undefined ? {} : { filter }), ...(ids ? { devices: ids } : {}) };
  const { success } = input;
  const where = await whereOf(context, filter, caller);
  const narrowed = await withinRights({ ...asked, ...where, ...(success ? { success } : {}) }, caller);
  const devices = {
    ...(narrowed.filter === undefined ? {} : { filter: narrowed.filter }),
    ...(narrowed.devices ? { ids: narrowed.devices } : {}),
  };
  const steps = await checkedSteps(context, input.do, caller);
  const about = { id: input.id ?? random.bytes(6).toString('hex'), now: clock.now(), scope: caller.scope };
  const found = narrowed.where ? { where: narrowed.where } : {};
  const job = jobOf({ ...input, ...found, devices }, steps, { ...about, author: identityOf(caller) });
  if (job.failure.action === 'rollback') assertWayBack(job);
  await assertExpected(context, job, input.expect);
  return job;
}

/**
 * The filter of a plan as it is read, where it names presets or jobs: the plan is for the devices that these have now.
 * @throws UserError 400 for a bad filter, 403 for what the caller may not read
 */
export async function whereOf(
  context: JobContext,
  filter: string | undefined,
  caller: Caller,
): Promise<Pick<PlanInput, 'where'>> {
  if (filter === undefined || !/\b(preset|job)\b/i.test(filter)) return {};
  const read = caller.readable(filter, await presetFilters(context, filter));
  return { where: await withDevicesOfJobs(read, context, caller) };
}

/** @returns the steps as they are stored @throws UserError 400 that names the place, 403, 404 */
async function checkedSteps(context: JobContext, steps: readonly Step[], caller: Caller): Promise<Step[]> {
  await assertSteps(steps, caller, context);
  const checked: Step[] = [];
  for (const step of steps) checked.push(await kindOf(step).check(step, context));
  return checked;
}

/** The number of devices of a job that is not planned yet. */
export async function countOf(
  { store, clock }: JobContext,
  { devices, ...plan }: Pick<PlanInput, 'filter' | 'where' | 'devices'>,
) {
  return devices ? devices.length : await store.countDevices(filterOf(plan), clock.now());
}

/** @throws UserError 409 where the number of devices is not what the caller has seen */
export async function assertExpected(
  context: JobContext,
  job: Pick<PlanInput, 'filter' | 'where' | 'devices'>,
  expect: number | undefined,
): Promise<void> {
  if (expect !== undefined) assertCount(await countOf(context, job), expect);
}

/** @throws UserError 409 where a number of devices is not what the caller has seen */
export function assertCount(count: number, expect: number): void {
  if (Math.abs(count - expect) <= expect * MOVED_SHARE) return;
  const text = `${count} devices fit now, and not ${expect}: look at them again`;
  throw new UserError(409, 'count-moved', text, { count });
}

const rolloutFacts = { name: 'createRollout', role: 'operator', isRead: false } as const;

/** @throws UserError 403 for a caller that may create no rollouts */
export function assertRollouts({ principal }: Caller): void {
  if (allowsOperation(principal.rights, rolloutFacts)) return;
  throw new UserError(403, 'forbidden', `createRollout is not allowed by the role ${principal.role}`);
}
