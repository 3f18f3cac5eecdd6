// Diagnostics in a session: the object is found, set and started by one SetParameterValues; later sessions read it until it has ended.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Outcome } from '../../device/operation-types.ts';
import { type KnownValue, knownValues } from '../../device/parameter.ts';
import type { Task, TaskDiagnostic, TaskFault } from '../../device/task.ts';
import type { FleetContext } from '../common/context.ts';
import { type Cpe, takenOver, taskFaultOf } from '../common/ports.ts';
import { withSealedValues } from '../common/secrets.ts';
import { refresh, type SessionState } from '../common/session-state.ts';
import { sealedResult } from '../tasks/task-texts.ts';
import { STATE } from './kinds.ts';
import { kindOf, startingValues } from './request.ts';

type RunSession = Pick<SessionState, 'row' | 'token' | 'purpose'>;
type Running = Task & { diagnostic: TaskDiagnostic & { path: string } };

/** The time that a device has for a diagnostic; one that has not ended by then is given up. */
const LIMIT_MS = 30 * 60_000;

/** Invalid arguments, and invalid parameter name: what devices answer for an object that they do not have (TR-069 A.5.1). */
const absent = new Set([9003, 9005]);

const isRunning = (task: Task): task is Running => task.state === 'waiting' && task.diagnostic?.path !== undefined;

export class DiagnosticRuns {
  readonly #context: FleetContext;

  constructor(context: FleetContext) {
    this.#context = context;
  }

  /** Starts a diagnostic; the session's row follows. @throws SessionLost */
  async begin(session: RunSession, task: Task & { diagnostic: TaskDiagnostic }, cpe: Cpe): Promise<void> {
    await this.#charged(session, task, async () => {
      const { kind: name, paths, input } = task.diagnostic;
      const found = await firstObject(cpe, paths);
      if (!found) return await this.#fail(session, task, missing(paths.join(' nor ')));
      const list = startingValues(kindOf(name), input, found.path, found.values);
      if (!Array.isArray(list)) return await this.#fail(session, task, missing(list.missing));
      await cpe.call('SetParameterValues', { ParameterList: list, ParameterKey: session.row.parameterKey });
      await this.#started(session, task, found.path, list);
    });
  }

  /** Reads the diagnostics that were started in earlier sessions, and ends those that the device has ended. @throws SessionLost */
  async read(session: RunSession, cpe: Cpe): Promise<void> {
    const { token } = session;
    for (const task of session.row.tasks.filter(isRunning).filter(({ sentBy }) => sentBy !== token))
      await this.#charged(session, task, async () => {
        const { path } = task.diagnostic;
        const { ParameterList: list } = await cpe.call('GetParameterValues', { ParameterNames: [path] });
        await this.#reported(session, task, list);
      });
  }

  /** Does the work for the task: a refusal of the device ends the task, a lost session is charged to it. */
  async #charged(session: RunSession, task: Task, work: () => Promise<void>): Promise<void> {
    const { purpose } = session;
    session.purpose = { task: task.id };
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CwmpFault)) throw error;
      await this.#fail(session, task, taskFaultOf(error));
    }
    if (purpose) session.purpose = purpose;
  }

  async #started(session: RunSession, task: Task, path: string, list: ParameterValue[]): Promise<void> {
    const { store, clock, events } = this.#context;
    const now = clock.now();
    const by = { token: session.token, id: task.id, now, expires: now + LIMIT_MS };
    const begun = await store.apply(session.row.id, 'diagnosticBegun', { ...by, path, list });
    if (begun === 'stale') throw takenOver();
    if (begun === 'gone') return await refresh(session, this.#context);
    session.row = begun.row;
    events.emit('task', { task: begun.task });
  }

  async #reported(session: RunSession, task: Running, list: readonly ParameterValue[]): Promise<void> {
    const state = stateIn(list, task.diagnostic.path);
    if (state === 'Requested') return;
    const { secrets } = this.#context;
    const { id } = session.row;
    const known = knownValues(withSealedValues(secrets, id, list), this.#context.clock.now());
    await this.#settle(session, task, outcomeOf(state, sealedResult(secrets, id, { ParameterList: list })), known);
  }

  #fail(session: RunSession, task: Task, fault: TaskFault): Promise<void> {
    return this.#settle(session, task, { state: 'failed', fault });
  }

  async #settle(session: RunSession, task: Task, outcome: Outcome, known: KnownValue[] = []): Promise<void> {
    const { store, clock, events } = this.#context;
    const by = { token: session.token, id: task.id, now: clock.now() };
    const kept = known.length > 0 ? { known } : {};
    const settled = await store.apply(session.row.id, 'taskSettled', { ...by, outcome, ...kept });
    if (settled === 'stale') throw takenOver();
    if (settled === 'gone') return await refresh(session, this.#context);
    session.row = settled.row;
    events.emit('task', { task: settled.task });
  }
}

const stateIn = (list: readonly ParameterValue[], path: string): string =>
  list.find(({ Name }) => Name === path + STATE)?.Value.trim() ?? '';

const missing = (path: string): TaskFault => ({ code: 'no-diagnostic', message: `the device has no ${path}` });

/** The first of the objects that the device has, with its values. @throws CwmpFault for any other refusal */
async function firstObject(
  cpe: Cpe,
  paths: readonly string[],
): Promise<{ path: string; values: ParameterValue[] } | undefined> {
  for (const path of paths) {
    try {
      const { ParameterList: values } = await cpe.call('GetParameterValues', { ParameterNames: [path] });
      if (values.length > 0) return { path, values: [...values] };
    } catch (error) {
      if (!(error instanceof CwmpFault) || !absent.has(error.code)) throw error;
    }
  }
  return undefined;
}

/** `Complete` and `Completed` are good, and any other state is passed on as it is (TR-181, TR-143). */
function outcomeOf(state: string, result: Record<string, unknown>): Outcome {
  if (state === 'Complete' || state === 'Completed') return { state: 'done', result };
  if (state === 'None' || state === '') {
    const message = 'the device has forgotten the diagnostic: it has restarted, or another change has ended it';
    return { state: 'failed', result, fault: { code: 'diagnostic-reset', message } };
  }
  return { state: 'failed', result, fault: { code: state.slice(0, 64), message: `the device ended it with ${state}` } };
}
