// The wait of a call for the end of a task: the device is asked to connect, and may inform by itself meanwhile.
import { isAbort } from '../../../../shared/errors.ts';
import type { DeviceRow } from '../../../device/row.ts';
import type { Task } from '../../../device/task.ts';
import type { SendConnectionRequest } from '../../../fleet/common/ports.ts';
import type { CallContext } from '../../operation.ts';

interface Wait {
  task: Task;
  ms: number;
  /** The device is in session, and will be asked there. */
  isInSession: boolean;
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
  { task, ms, isInSession }: Wait,
): Promise<Awaited> {
  // A connection request may take longer than the wait.
  const waitEnded = new AbortController();
  const requesting = isInSession
    ? undefined
    : requestOrAbort(sendConnectionRequest, await fleet.devices.row(task.device), waitEnded.signal);
  const after = await fleet.tasks.outcome(task.id, ms);
  waitEnded.abort();
  const requested = await requesting;
  const isEnded = after.state === 'done' || after.state === 'failed' || after.state === 'cancelled';
  const failure = requested && !requested.accepted && !isEnded ? { connectionRequest: requested.reason } : {};
  return { task: after, isEnded, failure };
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
