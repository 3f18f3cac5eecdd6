// The actions of operators on a rollout: pause, resume, abort, retry, roll back.
import { UserError } from '../../../errors.ts';
import type { RolloutContext } from '../context.ts';
import { inBatches, inState, type SweptRow } from '../devices.ts';
import type { StoredRollout } from '../documents.ts';
import { skipAborted, withdraw } from '../phases.ts';
import type { RolloutPhase } from '../plan.ts';
import { previousImage } from '../rollback.ts';

export const rolloutActions = ['pause', 'resume', 'abort', 'retry', 'rollback'] as const;
export type RolloutAction = (typeof rolloutActions)[number];

async function pause(context: RolloutContext, stored: StoredRollout): Promise<StoredRollout> {
  assertPhase(stored, 'pause', 'planning', 'running');
  const paused = await context.documents.change(stored, { phase: 'paused' }, 'paused', actorOf(stored));
  // No device begins any more when this is answered.
  await withdraw(context, stored.body.id);
  return paused;
}

async function resume(context: RolloutContext, stored: StoredRollout): Promise<StoredRollout> {
  assertPhase(stored, 'resume', 'paused');
  const { devices, documents } = context;
  const { id, wave, planned } = stored.body;
  const pardoned = {
    total: await devices.count(id, 'failed'),
    wave: await devices.count(id, 'failed', wave),
    ofWave: wave,
  };
  const phase = planned === undefined ? 'planning' : 'running';
  return await documents.change(withoutEnd(stored), { phase, pardoned }, 'resumed', actorOf(stored));
}

async function abort(context: RolloutContext, stored: StoredRollout): Promise<StoredRollout> {
  assertPhase(stored, 'abort', 'waiting-for-approval', 'planning', 'running', 'paused', 'rolling-back');
  const aborted = await context.documents.change(stored, { phase: 'aborted' }, 'aborted', actorOf(stored));
  // No device begins any more when this is answered; the engine skips those that are only planned.
  await skipAborted(context, stored.body.id, 'offered');
  return aborted;
}

async function retry(context: RolloutContext, stored: StoredRollout, named?: string[]): Promise<StoredRollout> {
  assertPhase(stored, 'retry', 'running', 'paused', 'rolling-back', 'done', 'aborted', 'rolled-back');
  const { devices, documents } = context;
  const { id, phase } = stored.body;
  const count = await planFailed(context, id, named);
  // An earlier call may have planned them and not have come to change the rollout.
  if (count === 0 && (await devices.count(id, 'planned')) === 0)
    throw refuse('nothing-failed', `rollout '${id}' has no failed device${named ? ' among these' : ''}`);
  const isBack = phase === 'rolled-back' || phase === 'rolling-back';
  const next = phase === 'paused' ? 'paused' : isBack ? 'rolling-back' : 'running';
  return await documents.change(withoutEnd(stored), { phase: next }, `retried: ${count} devices`, actorOf(stored));
}

/** @returns how many failed devices are planned again */
async function planFailed({ devices }: RolloutContext, id: string, named?: string[]): Promise<number> {
  let count = 0;
  const plan = async (device: string): Promise<void> => {
    const judgement = { id, from: ['failed' as const], state: 'planned' as const, reason: 'retried' };
    if (await devices.judge(device, judgement)) count++;
  };
  if (named) await inBatches(named, plan);
  else await devices.sweep(inState(id, 'failed'), row => plan(row.id));
  return count;
}

async function rollBack(context: RolloutContext, stored: StoredRollout): Promise<StoredRollout> {
  assertPhase(stored, 'roll back', 'running', 'paused', 'done', 'aborted');
  const { id, firmware } = stored.body;
  if (!(await couldRollBack(context, id)))
    throw refuse(
      'no-previous-image',
      `rollout '${id}': no device that runs ${firmware.version} has a stored image of what it ran before (PUT /files/NAME?type=firmware&version=…)`,
    );
  return await context.documents.change(withoutEnd(stored), { phase: 'rolling-back' }, 'rolled back', actorOf(stored));
}

/** There is a device that could go back. */
async function couldRollBack({ files, devices }: RolloutContext, id: string): Promise<boolean> {
  const images = await files.list();
  const could = (row: SweptRow): boolean =>
    row.softwareVersion === row.rollout?.version && previousImage(row, images) !== undefined;
  for (const state of ['done', 'soaking', 'installed', 'failed'] as const)
    if (await devices.some(inState(id, state), could)) return true;
  return false;
}

/** @throws UserError 409 in a phase that does not allow the action @param devices of `retry`: these alone */
export const actions: Readonly<
  Record<RolloutAction, (context: RolloutContext, stored: StoredRollout, devices?: string[]) => Promise<StoredRollout>>
> = { pause, resume, abort, retry, rollback: rollBack };

/** The operator whose action makes it its author. */
const actorOf = ({ body: { author } }: StoredRollout): string | undefined => author?.name;

const refuse = (code: 'wrong-phase' | 'nothing-failed' | 'no-previous-image', text: string): UserError =>
  new UserError(409, code, text);

/** @throws UserError 409 */
function assertPhase({ body: { id, phase } }: StoredRollout, action: string, ...phases: RolloutPhase[]): void {
  if (!phases.includes(phase))
    throw refuse('wrong-phase', `rollout '${id}' is ${phase}: there is nothing to ${action}`);
}

/** The rollout as if it had not ended or stopped by itself. */
function withoutEnd(stored: StoredRollout): StoredRollout {
  const { ended: _ended, totals: _totals, waiting: _waiting, reason: _reason, ...body } = stored.body;
  return { ...stored, body };
}
