// The course of one device through the steps of its job. It may be cut off anywhere and be taken up again from what is stored.
import type { DeviceRow } from '../../../device/row.ts';
import type { JobPosition } from '../../../store/job-positions.ts';
import type { Caller } from '../../access/caller.ts';
import type { JobContext } from '../context.ts';
import { isWatching, type Job } from '../job.ts';
import type { Move } from '../positions.ts';
import type { Step } from '../step.ts';
import { kindOf } from '../steps/kinds.ts';

/** Milliseconds for which no other step of an engine takes up a device that has just begun, unless its task ends. */
const GRACE_MS = 30_000;

/** The steps of a device: those of the job, or those of its way back. */
export const stepsOf = (job: Job, { body: { back, undo } }: JobPosition): readonly Step[] =>
  back ? ((undo ?? []) as Step[]).toReversed() : job.do;

/** The move by which a device begins, with the way back of the steps that are before it. */
export async function beginning(
  context: JobContext,
  job: Job,
  position: JobPosition,
  row: DeviceRow | undefined,
): Promise<Move> {
  const now = context.clock.now();
  const { body } = position;
  const undo = body.undo ?? (row ? await wayBackOf(job.do, row, context) : []);
  return { state: 'running', due: now + GRACE_MS, body: { began: now, ...(undo.length > 0 ? { undo } : {}) } };
}

async function wayBackOf(steps: readonly Step[], row: DeviceRow, context: JobContext): Promise<Step[]> {
  const back: Step[] = [];
  for (const step of steps) back.push(...((await kindOf(step).wayBack?.(step, row, context)) ?? []));
  return back;
}

/** Takes the steps of a device that has begun, as far as they go now. @param isHeld only the current one is seen to its end @returns the move that tells how far */
export async function proceed(
  context: JobContext,
  { job, position, caller, isHeld }: { job: Job; position: JobPosition; caller: Caller; isHeld: boolean },
): Promise<Move> {
  const steps = stepsOf(job, position);
  let current = position;
  for (let step = position.body.step; step < steps.length; step++) {
    if (isHeld && step > position.body.step) return { state: 'planned', body: { step } };
    current = { ...current, body: { ...current.body, step } };
    const outcome = await kindOf(steps[step]!).carryOut(
      steps[step]!,
      { job, caller, position: current, step },
      context,
    );
    if (outcome.state === 'done') continue;
    if (outcome.state !== 'waiting') return { ...outcome, body: { step } };
    const { due, task } = outcome;
    return { state: 'running', due, body: { step, ...(task === undefined ? {} : { task }) } };
  }
  const body = { step: steps.length };
  if (!isWatching(job) || position.body.back) return { state: 'done', body };
  return { state: 'soaking', due: context.clock.now() + job.success.soakMs, body };
}

/** Withdraws the current step where it has not begun at the device. @returns the move; undefined where the step has begun */
export async function withdrawal(
  context: JobContext,
  job: Job,
  position: JobPosition,
  to: Pick<Move, 'state' | 'code' | 'reason'>,
): Promise<Move | undefined> {
  const { step, attempt } = position.body;
  const current = stepsOf(job, position)[step];
  const kind = current && kindOf(current);
  if (kind?.withdraw && !(await kind.withdraw({ job, position, step }, context))) return undefined;
  return { ...to, body: { step, attempt: attempt + 1 } };
}
