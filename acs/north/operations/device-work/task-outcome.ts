// The wait of a call for the end of a task: the device is asked to connect, and may inform by itself meanwhile.
import { isAbort } from '../../../../shared/errors.ts';
import type { DeviceRow } from '../../../device/row.ts';
import type { Task } from '../../../device/task.ts';
import { UserError } from '../../../errors.ts';
import type { SendConnectionRequest } from '../../../fleet/common/ports.ts';
import { isEnded } from '../../../fleet/tasks/task-end.ts';
import type { CallContext } from '../../operation.ts';

interface Wait {
  task: Task;
  ms: number;
  /** The device is in session, and will be asked there. */
  isInSession: boolean;
  /** The wait ends when the device refuses the connection request. */
  isImmediate?: boolean;
}

export interface Awaited {
  task: Task;
  isEnded: boolean;
  /** The reason why the device was not reached, where the task has not ended. */
  failure: { connectionRequest?: string };
}

/** @returns the task once it has ended, or as it is after `ms` */
export async function outcomeWithin(
  { fleet, sendConnectionRequest }: Pick<CallContext, 'fleet' | 'sendConnectionRequest'>,
  { task, ms, isInSession, isImmediate = false }: Wait,
): Promise<Awaited> {
  // A connection request may take longer than the wait.
  const waitEnded = new AbortController();
  const requesting = isInSession
    ? undefined
    : requestOrAbort(sendConnectionRequest, await fleet.devices.row(task.device), waitEnded.signal);
  const refused = new AbortController();
  const watching = requesting?.then(({ accepted }) => {
    if (!accepted && isImmediate) refused.abort();
  });
  const waiting = fleet.tasks.outcome(task.id, ms, refused.signal).finally(() => waitEnded.abort());
  const [after] = await Promise.all([waiting, watching]);
  const requested = await requesting;
  const failure = requested && !requested.accepted && !isEnded(after) ? { connectionRequest: requested.reason } : {};
  return { task: after, isEnded: isEnded(after), failure };
}

async function requestOrAbort(
  sendConnectionRequest: SendConnectionRequest,
  device: DeviceRow,
  signal: AbortSignal,
): ReturnType<SendConnectionRequest> {
  try {
    return await sendConnectionRequest(device, signal);
  } catch (error) {
    if (isAbort(error)) return { accepted: false, reason: 'the device has not answered yet' };
    throw error;
  }
}

/**
 * Withdraws a task that the device has not taken.
 * @returns the task where the device has taken it at the last moment
 * @throws UserError 504 `not-reached`
 */
export async function assertTaken(
  { fleet }: Pick<CallContext, 'fleet'>,
  { task, failure: { connectionRequest: reason } }: Awaited,
): Promise<Task> {
  if (task.state !== 'queued') return task;
  try {
    const withdrawn = await fleet.tasks.cancel(task.id);
    if (withdrawn.state !== 'cancelled') return withdrawn;
  } catch (error) {
    if (!(error instanceof UserError) || (error.code !== 'task-sent' && error.code !== 'task-ended')) throw error;
    return await fleet.tasks.get(task.id);
  }
  const why = reason ?? 'it has not connected in time';
  throw new UserError(504, 'not-reached', `device ${task.device} was not reached: ${why}`, { task: task.id });
}
