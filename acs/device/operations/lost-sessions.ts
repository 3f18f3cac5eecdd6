// The operation of a session that the device left without an end: it frees the claim, and counts the RPC that was not answered.
import { clip } from '../../../shared/clip.ts';
import type { DeviceFault } from '../fault.ts';
import { MAX_LOST_SESSIONS } from '../liveness.ts';
import type { DeviceOperations } from '../operation-types.ts';
import type { DeviceRow, Unfinished } from '../row.ts';
import type { Task } from '../task.ts';
import { faultRaised } from './faults.ts';
import { changed, existing, isStale, type Operation, unchanged } from './operation.ts';
import { replaced, without } from './tasks.ts';

type Lost = DeviceOperations['sessionLost']['args'];

const MAX_ERROR = 300;
/** Causes that are counted at a time. */
const MAX_CAUSES = 50;

/** The device has often begun its next session by then: a stale token is counted like any other, and changes nothing else. */
export const sessionLost: Operation<'sessionLost'> = (row, args, id) => {
  const known = existing(row, id);
  const { token } = args;
  if (token > known.fence || token <= (known.unfinished?.token ?? 0)) return unchanged(row, { ended: [], faults: [] });
  const next = { ...known, unfinished: unfinishedAfter(known.unfinished, args) };
  if (!isStale(known, token)) delete next.claim;
  if (!args.call) return changed(next, { ended: [], faults: [] });
  if (args.call.task !== undefined) return withTask(next, args.call.task, args);
  return withCauses(next, args, id);
};

function unfinishedAfter(before: Unfinished | undefined, { now, error, token }: Lost): Unfinished {
  return {
    ...(before ?? { since: now }),
    sessions: (before?.sessions ?? 0) + 1,
    last: now,
    error: clip(error, MAX_ERROR),
    token,
  };
}

/** A task that was marked as sent is left to the evidence of its outcome; the others are sent again, up to the bound. */
function withTask(row: DeviceRow, id: string, { error, now }: Lost): ReturnType<Operation<'sessionLost'>> {
  const task = row.tasks.find(open => open.id === id);
  if (!task) return changed(row, { ended: [], faults: [] });
  const attempts = (task.attempts ?? 0) + 1;
  const tried: Task = { ...task, attempts, lastError: clip(error, MAX_ERROR) };
  if (task.state !== 'queued' || attempts < MAX_LOST_SESSIONS)
    return changed(replaced(row, tried), { ended: [], faults: [] });
  const message = `${task.method} was not answered in ${attempts} sessions: ${tried.lastError}`;
  const failed: Task = { ...tried, state: 'failed', fault: { code: 'unanswered', message }, ended: now };
  return changed(without(row, failed), { ended: [failed], faults: [] }, [failed]);
}

/** Work that is no task becomes a fault, which suspends it. A fault that was raised before is raised again by the first lost retry. */
function withCauses(row: DeviceRow, { call, error, now }: Lost, id: string): ReturnType<Operation<'sessionLost'>> {
  const counts = new Map(Object.entries(row.unfinished?.causes ?? {}));
  const faults: DeviceFault[] = [];
  let next = row;
  for (const { cause, basis, retryAt } of call?.causes ?? []) {
    const sessions = (counts.get(cause) ?? 0) + 1;
    const before = row.faults.find(fault => fault.cause === cause);
    const isRetry = before?.code === 'unanswered' && before.basis === basis;
    counts.set(cause, sessions);
    if (sessions < MAX_LOST_SESSIONS && !isRetry) continue;
    counts.delete(cause);
    const message = `${call?.method} was not answered, and the session was lost: ${clip(error, MAX_ERROR)}`;
    const raised = faultRaised(
      next,
      { cause, code: 'unanswered', message, retryAt, now, ...(basis === undefined ? {} : { basis }) },
      id,
    );
    next = raised.row ?? next;
    faults.push(raised.result);
  }
  const causes = Object.fromEntries([...counts].slice(-MAX_CAUSES));
  const unfinished = { ...(next.unfinished as Unfinished), causes };
  return changed({ ...next, unfinished }, { ended: [], faults });
}
