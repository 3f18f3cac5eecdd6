// The way of one task to the device and back: its RPC is sent in a session, and its answer settles it.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { methods, type ParameterValue } from '../../../shared/cwmp/methods.ts';
import { readsEmpty } from '../../../shared/model/secret-names.ts';
import type { Outcome } from '../../device/operation-types.ts';
import { type KnownValue, knownValues } from '../../device/parameter.ts';
import type { Task, TaskFault } from '../../device/task.ts';
import { isTransfer } from '../../device/task-evidence.ts';
import { UserError } from '../../errors.ts';
import { type FleetContext, MAX_PARAMETERS } from '../common/context.ts';
import { learnInterval } from '../common/inform-interval.ts';
import type { Models } from '../common/models.ts';
import { type Cpe, takenOver, taskFaultOf, UnreadableAnswer } from '../common/ports.ts';
import { withSealedValues } from '../common/secrets.ts';
import { refresh, type SessionState } from '../common/session-state.ts';
import { isLarger } from './json-size.ts';
import { methodOf } from './new-task.ts';
import { openedArguments, sealedResult } from './task-texts.ts';
import { withTypes } from './value-types.ts';

export type TaskSession = Pick<SessionState, 'row' | 'token' | 'base' | 'purpose'>;

export interface TaskOutcome {
  task: Task;
  /** The CPE restarts after this session. */
  ends: boolean;
}

/** After these the CPE goes away: nothing more is asked of it in the session. */
const departures = new Set<string>(['Reboot', 'FactoryReset']);

/** Bytes of the result that a task keeps. */
const MAX_RESULT = 1024 * 1024;

export class TaskRuns {
  readonly #context: FleetContext;
  readonly #models: Models;

  constructor(context: FleetContext, models: Models) {
    this.#context = context;
    this.#models = models;
  }

  /** Sends the task; the session's row follows it. @throws SessionLost */
  async run(session: TaskSession, task: Task, cpe: Cpe): Promise<TaskOutcome> {
    const { purpose } = session;
    session.purpose = { task: task.id };
    const outcome = await this.#send(session, task, cpe);
    if (purpose) session.purpose = purpose;
    return outcome;
  }

  async #send(session: TaskSession, task: Task, cpe: Cpe): Promise<TaskOutcome> {
    const method = methodOf(task.method);
    const { repeatable } = methods[method];
    if (!repeatable && !(await markSent(this.#context, session, task)))
      return await skipped(this.#context, session, task);
    try {
      const args = await argsToSend(this.#context, this.#models, session, task, cpe);
      // The row was read when the queue began: a task that was cancelled since is not sent.
      if (repeatable && !(await isQueued(this.#context, task))) return await skipped(this.#context, session, task);
      const result = (await cpe.call(method, args as never)) as Record<string, unknown>;
      return await this.#answered(session, task, args, result);
    } catch (error) {
      if (error instanceof UnreadableAnswer && (isTransfer(task) || departures.has(method)))
        return await unreadable(this.#context, session, task, error);
      return { task: await this.#settle(session, task, { state: 'failed', fault: failureOf(error) }), ends: false };
    }
  }

  /** @param args as they were sent */
  async #answered(
    session: TaskSession,
    task: Task,
    args: Record<string, unknown>,
    result: Record<string, unknown>,
  ): Promise<TaskOutcome> {
    const { store, clock, events, secrets } = this.#context;
    const sealed = (list: readonly ParameterValue[]) => withSealedValues(secrets, task.device, list);
    const known = knownFrom({ ...task, args }, result, clock.now(), sealed);
    await learnInterval(store, session.row, known);
    const gone = task.method === 'DeleteObject' ? String(args.ObjectName) : '';
    // The row is no more: nothing of it may be shown as known, nor fit a filter.
    if (gone.endsWith('.')) await store.putParameters(task.device, [], gone);
    const outcome = bounded(task, outcomeOf(task, sealedResult(secrets, task.device, result)), known.length);
    const settled = await this.#settle(session, task, outcome, known).catch(
      async (error: unknown) => await this.#settle(session, task, refusedBy(error, task)),
    );
    if (task.method === 'GetParameterValues' && settled.fault?.code !== 'parameter-limit')
      events.emit('values', { row: session.row, list: result.ParameterList as ParameterValue[] });
    return { task: settled, ends: departures.has(task.method) };
  }

  async #settle(session: TaskSession, task: Task, outcome: Outcome, known: KnownValue[] = []): Promise<Task> {
    const { store, clock, events, maxParameters = MAX_PARAMETERS } = this.#context;
    // Only reads are limited: the device has the values that it was set to.
    const most = task.method === 'GetParameterValues' ? { most: maxParameters } : {};
    const kept = known.length ? { known, ...most } : {};
    const by = { token: session.token, id: task.id, now: clock.now() };
    const settled = await store.apply(session.row.id, 'taskSettled', { ...by, outcome, ...kept });
    if (settled === 'stale') throw takenOver();
    if (settled === 'gone') {
      // It was cancelled, or its device removed, while the device had it in hand: its end has been announced then.
      await refresh(session, this.#context);
      return (await store.task(task.id)) ?? task;
    }
    session.row = settled.row;
    events.emit('task', { task: settled.task });
    return settled.task;
  }
}

async function skipped(context: FleetContext, session: TaskSession, task: Task): Promise<TaskOutcome> {
  await refresh(session, context);
  return { task, ends: false };
}

/** An open task is in the row of its device, which costs one read of any store. */
async function isQueued({ store }: FleetContext, { id, device }: Task): Promise<boolean> {
  const row = await store.device(device);
  return row?.tasks.find(open => open.id === id)?.state === 'queued';
}

/** Makes durable that a non-repeatable RPC leaves. @returns false where the task is no longer to be sent */
async function markSent(
  { store, clock, events }: FleetContext,
  { row, token }: TaskSession,
  { id }: Task,
): Promise<boolean> {
  const sent = await store.apply(row.id, 'taskSent', { token, id, now: clock.now() });
  if (sent === 'stale') throw takenOver();
  if (sent === 'gone') return false;
  events.emit('task', { task: sent });
  return true;
}

/** The device has it and may do it: as after a lost answer, evidence tells the outcome, and it is never sent again. */
async function unreadable(
  context: FleetContext,
  session: TaskSession,
  task: Task,
  { message }: CwmpFault,
): Promise<TaskOutcome> {
  const { id } = task;
  const noted = await context.store.apply(session.row.id, 'taskUnreadable', {
    token: session.token,
    id,
    error: message,
  });
  if (noted === 'stale') throw takenOver();
  await refresh(session, context);
  if (noted === 'gone') return { task, ends: false };
  context.events.emit('task', { task: noted });
  return { task: noted, ends: departures.has(task.method) };
}

/** Makes the arguments ready for the device as it is now: file link, ParameterKey, and types that the operator left out. */
async function argsToSend(
  { store, ports, secrets }: FleetContext,
  models: Models,
  { row, base }: TaskSession,
  task: Task,
  cpe: Cpe,
): Promise<Record<string, unknown>> {
  const args = openedArguments(secrets, task.args);
  if (task.file || task.content || task.backup)
    args.URL = ports.linkFile(task, task.method === 'Upload' ? 'upload' : 'download', base);
  if (args.ParameterKey === '') args.ParameterKey = row.parameterKey;
  if (task.method === 'SetParameterValues')
    args.ParameterList = await withTypes(args.ParameterList as ParameterValue[], row, cpe, { store, models });
  return args;
}

function outcomeOf(task: Task, result: Record<string, unknown>): Outcome {
  if (isTransfer(task) && result.Status !== 0) return { state: 'waiting', result };
  if (departures.has(task.method)) return { state: 'waiting', result };
  return { state: 'done', result };
}

/** The outcome without a result that is too large for a task. @param values of the answer that are kept as parameters */
function bounded(task: Task, outcome: Outcome, values: number): Outcome {
  if (!outcome.result || !isLarger(outcome.result, MAX_RESULT)) return outcome;
  const rest =
    values > 0
      ? `its ${values} values are kept as parameters of the device, the result is not`
      : 'nothing of it is kept: ask for less at a time';
  const message = `the answer to ${task.method} takes more than ${MAX_RESULT} bytes, which is the most that a task keeps; ${rest}`;
  return { state: 'failed', fault: { code: 'result-too-large', message } };
}

/** The outcome where the store refuses the values for their number. @throws any other error */
function refusedBy(error: unknown, { method }: Task): Outcome {
  if (!(error instanceof UserError && error.code === 'parameter-limit')) throw error;
  return { state: 'failed', fault: { code: error.code, message: `the answer to ${method}: ${error.message}` } };
}

/** The fault of a task that ends by the error. @throws the error itself where it ends the session */
function failureOf(error: unknown): TaskFault {
  // Its arguments cannot be opened: nothing was sent.
  if (error instanceof UserError && error.code === 'sealed-with-another-key')
    return { code: error.code, message: `${error.message}: make the task again` };
  if (!(error instanceof CwmpFault)) throw error;
  return taskFaultOf(error);
}

/** The values that the device has after an answer, as far as it tells. */
function knownFrom(
  task: Task,
  result: Record<string, unknown>,
  time: number,
  sealed: (list: readonly ParameterValue[]) => readonly ParameterValue[],
): KnownValue[] {
  const valuesOf = (list: unknown): KnownValue[] => knownValues(sealed(list as ParameterValue[]), time);
  if (task.method === 'GetParameterValues') return valuesOf(result.ParameterList);
  if (task.method !== 'SetParameterValues') return [];
  return valuesOf(task.args.ParameterList).filter(({ path }) => !readsEmpty(path));
}
