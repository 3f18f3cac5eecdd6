// Operations on tasks: any RPC of TR-069 Annex A for a device.
import type { Task } from '../../device/task.ts';
import { UserError } from '../../errors.ts';
import { assertFile } from '../../fleet/files/visible.ts';
import type { TaskInput } from '../../fleet/tasks/new-task.ts';
import type { RetryPolicy } from '../../fleet/tasks/request-retries.ts';
import { isEnded } from '../../fleet/tasks/task-end.ts';
import { assertTask } from '../../fleet/tasks/task-rights.ts';
import { answerList } from '../lists/list.ts';
import { type TaskListQuery, taskList } from '../lists/tasks.ts';
import type { CallContext, Operation, OperationInput, OperationOutput } from '../operation.ts';
import { noDevice, ok, param } from '../operation.ts';
import * as schemas from '../schemas/tasks.ts';
import { taskView } from '../views/core.ts';
import { TaskViews } from '../views/tasks.ts';
import { assertTaken, outcomeWithin } from './device-work/task-outcome.ts';

interface AddTaskQuery {
  wait?: number;
  immediate?: boolean;
}

type NewTask = TaskInput & { retry?: RetryPolicy; wake?: boolean };

const ONCE: RetryPolicy = { attempts: 1, everySeconds: 60 };

/** A call does not wait for a later time. @throws UserError 400 */
function assertNow({ notBefore, wake }: NewTask, wait: number | undefined): void {
  if (notBefore === undefined && wake) throw new UserError(400, 'bad-input', 'body.wake: is for a task with notBefore');
  if (notBefore !== undefined && wait !== undefined)
    throw new UserError(400, 'bad-input', 'body.notBefore: the call cannot wait for it; leave out wait and immediate');
}

/** Seconds within which a device takes a task that is for now. */
const IMMEDIATE_S = 30;

async function addTask(
  input: OperationInput,
  { fleet, sendConnectionRequest, caller, show }: CallContext,
): Promise<OperationOutput> {
  const id = param(input);
  const { wake, retry = wake ? ONCE : undefined, ...given } = input.body as NewTask;
  assertTask(caller, given);
  if (given.file && given.method === 'Download') await assertFile(given.file, fleet, caller);
  const { immediate: isImmediate = false, wait = isImmediate ? IMMEDIATE_S : undefined } = input.query as AddTaskQuery;
  assertNow(input.body as NewTask, wait);
  if (isImmediate && retry) throw new UserError(400, 'bad-input', 'body.retry: immediate is without retry');
  const task = await fleet.tasks.add(id, given);
  if (retry) await begun(task, fleet.requestRetries.begin(task, retry, wait !== undefined), fleet);
  const warnings = await fleet.tasks.warnings(task);
  const warned = warnings.length > 0 ? { warnings } : {};
  const isInSession = await fleet.sessions.notice(id);
  if (wait === undefined) return { status: 201, body: { ...taskView(task, show), ...warned } };
  const awaited = await outcomeWithin(
    { fleet, sendConnectionRequest },
    { task, ms: wait * 1000, isInSession, isImmediate },
  );
  const after = isImmediate ? await assertTaken({ fleet }, awaited) : awaited.task;
  return { status: isEnded(after) ? 200 : 202, body: { ...taskView(after, show), ...awaited.failure, ...warned } };
}

/** A task without the retries that it asks for is withdrawn. */
async function begun(task: Task, retries: Promise<void>, { tasks: all }: CallContext['fleet']): Promise<void> {
  try {
    await retries;
  } catch (error) {
    await all.cancel(task.id);
    throw error;
  }
}

export const tasks: readonly Operation[] = [
  {
    name: 'addTask',
    summary: 'Queues an RPC for a device; with `wait`, sends a connection request and answers with the outcome',
    method: 'POST',
    path: '/devices/:id/tasks',
    role: 'operator',
    scope: 'device',
    parameters: 'checked',
    audit: 'answer',
    query: schemas.addTaskQuery,
    body: { json: schemas.addTaskInput },
    answers: { 200: schemas.task, 201: schemas.task, 202: schemas.task },
    problems: {
      ...noDevice,
      409: 'A task with this CommandKey is open',
      429: 'The device has too many open tasks',
      504: '`immediate`: the device was not reached, and the task is cancelled',
    },
    run: addTask,
  },
  {
    name: 'listTasks',
    summary:
      'Lists tasks, the newest first; a page ends early where results are large, unless `fields` leaves them out',
    method: 'GET',
    path: '/tasks',
    role: 'viewer',
    scope: 'devices',
    parameters: 'checked',
    query: schemas.taskQuery,
    answers: { 200: schemas.tasks },
    csv: true,
    run: async (input, context) => await answerList(input, await taskList(input.query as TaskListQuery, context)),
  },
  {
    name: 'getTask',
    summary: 'Reads a task',
    method: 'GET',
    path: '/tasks/:id',
    role: 'viewer',
    scope: 'task',
    parameters: 'checked',
    answers: { 200: schemas.task },
    problems: { 404: 'No such task' },
    run: async (input, { fleet, show }) => ok(await new TaskViews(show).of(await fleet.tasks.get(param(input)))),
  },
  {
    name: 'cancelTask',
    summary: 'Cancels a task that was not sent yet, or stops waiting for one that the device has deferred',
    method: 'DELETE',
    path: '/tasks/:id',
    role: 'operator',
    scope: 'task',
    parameters: 'checked',
    answers: { 200: schemas.task },
    problems: { 404: 'No such task', 409: 'The task was sent, or has ended' },
    run: async (input, { fleet, show }) => ok(taskView(await fleet.tasks.cancel(param(input)), show)),
  },
];
