// Operations on the tasks of a device, from queued to ended.
import { UserError } from '../../errors.ts';
import { suspected } from '../drift-suspicion.ts';
import { withKnown } from '../inform.ts';
import type { Outcome } from '../operation-types.ts';
import { begin, mayBegin, positionAfterTask } from '../rollout-transitions.ts';
import type { DeviceRow } from '../row.ts';
import type { Task } from '../task.ts';
import { isSent, isTransfer, withoutExpired } from '../task-evidence.ts';
import { withApplied } from './applied.ts';
import { changed, existing, isStale, type Operation, unchanged } from './operation.ts';

const MAX_OPEN_TASKS = 100;
const MAX_TASK_BYTES = 256 * 1024;

/** The task's CommandKey, if it has one. */
const commandKeyOf = (task: Task): string | undefined => {
  const key = task.args.CommandKey;
  return typeof key === 'string' && key !== '' ? key : undefined;
};

export const taskAdded: Operation<'taskAdded'> = (row, { task }, id) => {
  const known = existing(row, id);
  if (known.state === 'replaced')
    throw new UserError(409, 'device-replaced', `device ${id} is replaced by ${known.replacedBy?.id}`);
  const { tasks, ended } = withoutExpired(known.tasks, task.created);
  if (tasks.length >= MAX_OPEN_TASKS)
    throw new UserError(429, 'too-many-tasks', `device ${id} has ${tasks.length} open tasks already`);
  if (tasks.some(open => open.id === task.id)) throw new UserError(409, 'task-exists', `task ${task.id} exists`);
  const same = task.diagnostic && tasks.find(open => open.diagnostic?.kind === task.diagnostic?.kind);
  if (same)
    throw new UserError(
      409,
      'diagnostic-open',
      `${task.diagnostic?.kind} is under way on device ${id} already: task ${same.id}`,
      { task: same.id },
    );
  const key = commandKeyOf(task);
  if (key !== undefined && tasks.some(open => commandKeyOf(open) === key))
    throw new UserError(409, 'command-key-open', `a task with CommandKey "${key}" is open on device ${id}`);
  if (Buffer.byteLength(JSON.stringify(task.args)) > MAX_TASK_BYTES)
    throw new UserError(413, 'task-too-large', `the arguments of a task take at most ${MAX_TASK_BYTES} bytes`);
  const added: Task = { ...task, device: id, state: 'queued' };
  return changed({ ...known, tasks: [...tasks, added] }, added, ended);
};

export const replaced = (row: DeviceRow, task: Task): DeviceRow => ({
  ...row,
  tasks: row.tasks.map(open => (open.id === task.id ? task : open)),
});

/** The row without a task that has ended. */
export function without(row: DeviceRow, task: Task): DeviceRow {
  const tasks = row.tasks.filter(open => open.id !== task.id);
  const next: DeviceRow = { ...row, tasks, applied: withApplied(row.applied, [task]) };
  if (next.rollout) next.rollout = positionAfterTask(next, next.rollout, task);
  return next;
}

export const taskSent: Operation<'taskSent'> = (row, { token, id: taskId, now }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  const task = known.tasks.find(open => open.id === taskId);
  if (!task) return unchanged(row, 'gone');
  // It was sent before: never send it again, unless this is the same request repeated.
  if (task.state !== 'queued') return unchanged(row, task.sentBy === token ? task : 'gone');
  // The rollout may have withdrawn its offer since the task was made.
  if (task.rollout !== undefined && !mayBegin(known.rollout, task.rollout, now)) return unchanged(row, 'gone');
  const sent: Task = { ...task, state: 'sent', started: now, sentBy: token, silentSessions: 0 };
  const next = replaced(known, sent);
  if (task.rollout !== undefined && next.rollout) next.rollout = begin(next.rollout, task.id, now);
  return changed(next, sent);
};

export const taskSettled: Operation<'taskSettled'> = (row, args, id) => {
  const { token, id: taskId, outcome, known: values = [], now } = args;
  // Values count also where the session is stale: the device has told them.
  const known = withKnown(existing(row, id), values);
  if (token !== undefined && isStale(known, token)) return changed(known, 'stale');
  const task = known.tasks.find(open => open.id === taskId);
  if (!task) return changed(known, 'gone');
  const settled = withOutcome(task, outcome, now);
  const isOver = settled.ended !== undefined;
  const next = isOver ? suspected(without(known, settled), settled) : replaced(known, settled);
  return changed(next, { task: settled, row: next }, isOver ? [settled] : []);
};

function withOutcome(task: Task, outcome: Outcome, now: number): Task {
  const { started, sentBy: _by, silentSessions: _silent, ...queued } = task;
  if (outcome.state === 'queued') return { ...queued, state: 'queued' };
  const next: Task = { ...task, state: outcome.state, started: started ?? now };
  if (outcome.result) next.result = outcome.result;
  if (outcome.fault) next.fault = outcome.fault;
  if (outcome.state !== 'waiting') next.ended = now;
  return next;
}

export const diagnosticBegun: Operation<'diagnosticBegun'> = (row, args, id) => {
  const { token, id: taskId, path, list, now, expires } = args;
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  const task = known.tasks.find(open => open.id === taskId);
  if (!task?.diagnostic) return unchanged(row, 'gone');
  const begun: Task = {
    ...task,
    args: { ...task.args, ParameterList: list },
    state: 'waiting',
    started: now,
    sentBy: token,
    expires,
    diagnostic: { ...task.diagnostic, path },
  };
  const next = replaced(known, begun);
  return changed(next, { task: begun, row: next });
};

export const taskUnreadable: Operation<'taskUnreadable'> = (row, { token, id: taskId, error }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  const task = known.tasks.find(open => open.id === taskId);
  if (!task) return unchanged(row, 'gone');
  const noted: Task = { ...task, lastError: error };
  return changed(replaced(known, noted), noted);
};

export const taskCancelled: Operation<'taskCancelled'> = (row, { id: taskId, now }, id) => {
  const known = existing(row, id);
  const task = known.tasks.find(open => open.id === taskId);
  if (!task) return unchanged(row, 'gone');
  // An RPC that was sent cannot be recalled; a task that waits for evidence can stop waiting.
  if (task.state === 'sent') return unchanged(row, 'sent');
  const cancelled: Task = { ...task, state: 'cancelled', ended: now };
  return changed(without(known, cancelled), cancelled, [cancelled]);
};

/** TR-069 A.3.3.2: FaultCode 0 is success. The CPE repeats a TransferComplete until it is answered, so a repetition finds no task. */
export const transferCompleted: Operation<'transferCompleted'> = (row, args, id) => {
  const known = existing(row, id);
  const task = known.tasks.find(open => isTransfer(open) && isSent(open) && open.args.CommandKey === args.commandKey);
  if (!task) return unchanged(row, undefined);
  const failed = args.fault.code !== 0;
  const settled: Task = {
    ...task,
    state: failed ? 'failed' : 'done',
    result: { ...task.result, StartTime: args.startTime, CompleteTime: args.completeTime },
    ended: args.now,
  };
  if (failed) settled.fault = { code: args.fault.code, message: args.fault.message };
  return changed(suspected(without(known, settled), settled), settled, [settled]);
};
