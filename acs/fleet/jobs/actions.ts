// The actions of operators on a job: pause, resume, abort, retry, roll back.
import { isConflict } from '../../../shared/errors.ts';
import { UserError } from '../../errors.ts';
import { isEnded, type RolloutPhase } from '../rollout/plan.ts';
import type { JobContext } from './context.ts';
import type { StoredJob } from './documents.ts';
import type { Job } from './job.ts';
import { kindOf, stepNameOf } from './steps/kinds.ts';
import { Tally } from './tally.ts';

export const jobActions = ['pause', 'resume', 'abort', 'retry', 'rollback'] as const;
export type JobAction = (typeof jobActions)[number];

/** Failed devices that are tried again: those of a reason, those named, or all. */
export interface RetryInput {
  devices?: string[];
  code?: string;
}

type Act = (context: JobContext, stored: StoredJob, by: string, input: RetryInput) => Promise<StoredJob>;

const pause: Act = async (context, stored, by) => {
  assertPhase(stored, 'pause', 'planning', 'running');
  return await context.documents.change(stored, { phase: 'paused' }, 'paused', by);
};

const resume: Act = async ({ store, documents }, stored, by) => {
  assertPhase(stored, 'resume', 'paused');
  const { id, wave, planned } = stored.body;
  const tally = new Tally(await store.jobCounts(id));
  const pardoned = { total: tally.of(['failed']), wave: tally.of(['failed'], wave), ofWave: wave };
  const phase = planned === undefined ? 'planning' : 'running';
  return await documents.change(withoutEnd(stored), { phase, pardoned }, 'resumed', by);
};

const abort: Act = async ({ documents }, stored, by) => {
  assertPhase(stored, 'abort', 'waiting-for-approval', 'planning', 'running', 'paused', 'rolling-back');
  return await documents.change(stored, { phase: 'aborted' }, 'aborted', by);
};

const retry: Act = async (context, stored, by, input) => {
  assertPhase(stored, 'retry', 'running', 'paused', 'rolling-back', 'done', 'aborted', 'rolled-back');
  const { id, author } = stored.body;
  const count = await planFailed(context, id, input);
  if (count === 0 && !(await isCutOff(context, stored.body)))
    throw new UserError(409, 'nothing-failed', `job '${id}' has no failed device${among(input)}`);
  let current = stored;
  for (;;) {
    try {
      const phase = phaseOfRetry(current.body);
      return await context.documents.change(withoutEnd(current), { phase }, `retried: ${count} devices`, by);
    } catch (error) {
      if (!isConflict(error)) throw error;
      // The failed devices are planned by now: the whole action again would find none of them, and the job would stay ended.
      const { body, ...read } = await context.documents.get(id);
      current = { ...read, body: { ...body, ...(author ? { author } : {}) } };
    }
  }
};

/** An earlier retry has planned devices, and has not come to change the job. */
const isCutOff = async ({ store }: JobContext, job: Job): Promise<boolean> =>
  isEnded(job) && new Tally(await store.jobCounts(job.id)).of(['planned']) > 0;

function phaseOfRetry({ phase }: Job): RolloutPhase {
  if (phase === 'paused') return 'paused';
  return phase === 'rolled-back' || phase === 'rolling-back' ? 'rolling-back' : 'running';
}

const among = ({ devices, code }: RetryInput): string => (devices || code !== undefined ? ' among these' : '');

/** @returns how many failed devices are planned again, at the step that has failed */
async function planFailed({ positions }: JobContext, job: string, { devices, code }: RetryInput): Promise<number> {
  const named = devices && new Set(devices);
  return await positions.moveAll(job, 'failed', position => {
    if ((named && !named.has(position.device)) || (code !== undefined && position.code !== code)) return undefined;
    return { state: 'planned', body: { attempt: position.body.attempt + 1 } };
  });
}

const rollBack: Act = async ({ documents }, stored, by) => {
  assertPhase(stored, 'roll back', 'running', 'paused', 'done', 'aborted');
  assertWayBack(stored.body);
  return await documents.change(withoutEnd(stored), { phase: 'rolling-back' }, 'rolled back', by);
};

/** @throws UserError 409 for a step that cannot be undone */
export function assertWayBack({ id, do: steps }: Pick<Job, 'id' | 'do'>): void {
  const oneWay = steps.filter(step => !kindOf(step).wayBack).map(stepNameOf);
  if (oneWay.length === 0) return;
  throw new UserError(409, 'no-way-back', `job '${id}': ${[...new Set(oneWay)].join(', ')} cannot be undone`);
}

/** @throws UserError 409 in a phase that does not allow the action */
export const actions: Readonly<Record<JobAction, Act>> = { pause, resume, abort, retry, rollback: rollBack };

/** @throws UserError 409 */
function assertPhase({ body: { id, phase } }: StoredJob, action: string, ...phases: RolloutPhase[]): void {
  if (!phases.includes(phase))
    throw new UserError(409, 'wrong-phase', `job '${id}' is ${phase}: there is nothing to ${action}`);
}

/** The job as if it had not ended or stopped by itself. */
function withoutEnd(stored: StoredJob): StoredJob {
  const { ended: _ended, waiting: _waiting, reason: _reason, ...body } = stored.body;
  return { ...stored, body: body as Job };
}
