// Steps that are tasks: the id of each is made from job, device, step and attempt, so that none is queued twice.
import { createHash } from 'node:crypto';
import type { Task } from '../../../device/task.ts';
import { UserError } from '../../../errors.ts';
import type { Caller } from '../../access/caller.ts';
import { allowsOperation } from '../../access/rights.ts';
import { openedText, sealedText } from '../../common/secrets.ts';
import { kindOf, readSettings } from '../../diagnostics/request.ts';
import { assertFile } from '../../files/visible.ts';
import { methodOf, type OfJob, type TaskInput } from '../../tasks/new-task.ts';
import { isEnded } from '../../tasks/task-end.ts';
import { assertTask } from '../../tasks/task-rights.ts';
import { withTexts } from '../../tasks/task-texts.ts';
import type { JobContext } from '../context.ts';
import type { SetValue, Step, StepOutcome, Steps } from '../step.ts';
import type { StepKind, StepWork } from '../step-kind.ts';

/** Milliseconds between two looks at a task: its end is announced as it happens, unless the server was killed just then. */
const LOOK_MS = 60_000;
/** Milliseconds until another try where a device has too many open tasks. */
const FULL_MS = 60_000;

const operation = { name: 'addTask', isRead: false };

/** Carries a task out that an operator could have queued. */
function carryOutTask(input: TaskInput, work: StepWork, context: JobContext): Promise<StepOutcome> {
  const { position, job } = work;
  const asked = job.handle === undefined ? input : { handle: job.handle, ...input };
  return carryOut(ofJob => context.tasks.make(position.device, asked, 'operator', ofJob), work, context);
}

const taskIdOf = ({ job, position, step }: Omit<StepWork, 'caller'>): string =>
  createHash('sha256')
    .update(JSON.stringify([job.id, job.created, position.device, step, position.body.attempt]))
    .digest('hex')
    .slice(0, 24);

/** Queues the task with the id that it is given, or looks at how it went. */
async function carryOut(make: MakeTask, work: StepWork, context: JobContext): Promise<StepOutcome> {
  const { store, clock } = context;
  const { position, job } = work;
  const id = taskIdOf(work);
  const task = await store.task(id);
  if (!task) return await queue(make, id, work, context);
  if (isEnded(task)) return outcomeOf(task);
  const over = (position.body.began ?? clock.now()) + job.timeoutMs;
  if (clock.now() < over) return { state: 'waiting', due: Math.min(over, clock.now() + LOOK_MS), task: id };
  const cancelled = await store.apply(position.device, 'taskCancelled', { id, now: clock.now() });
  if (cancelled === 'gone') return { state: 'waiting', due: clock.now() + LOOK_MS, task: id };
  const hours = Math.round(job.timeoutMs / 36_000) / 100;
  return { state: 'failed', code: 'timeout', reason: `${task.method} has not ended within ${hours} h` };
}

type MakeTask = (ofJob: OfJob) => Promise<Task>;

async function queue(
  make: MakeTask,
  id: string,
  { job, position }: StepWork,
  context: JobContext,
): Promise<StepOutcome> {
  const { sessions, clock } = context;
  const waiting = { state: 'waiting', due: clock.now() + LOOK_MS, task: id } as const;
  try {
    await make({ id, job: job.id });
  } catch (error) {
    if (!(error instanceof UserError) || error.status >= 500) throw error;
    if (error.code === 'task-exists') return waiting;
    if (error.code === 'too-many-tasks') return { state: 'waiting', due: clock.now() + FULL_MS };
    return { state: 'failed', code: error.code, reason: error.message };
  }
  await sessions.notice(position.device);
  return waiting;
}

function outcomeOf({ state, method, fault }: Task): StepOutcome {
  if (state === 'done') return { state: 'done' };
  if (state === 'cancelled')
    return { state: 'failed', code: String(fault?.code ?? 'cancelled'), reason: fault?.message ?? 'task cancelled' };
  const code = typeof fault?.code === 'number' ? `fault-${fault.code}` : (fault?.code ?? 'failed');
  return { state: 'failed', code, reason: `${method}: ${fault?.message ?? 'failed'}` };
}

/** @returns whether the task had not left yet, and never will */
async function withdraw(work: Omit<StepWork, 'caller'>, { store, clock }: JobContext): Promise<boolean> {
  const id = taskIdOf(work);
  const task = await store.task(id);
  if (!task) return true;
  if (task.state !== 'queued') return false;
  const cancelled = await store.apply(work.position.device, 'taskCancelled', { id, now: clock.now() });
  return typeof cancelled === 'object';
}

const common = { operation, isRemote: true, withdraw } as const;

export const task: StepKind<'task'> = {
  ...common,
  check: async ({ task: input }, { secrets, files }) => {
    const { args, content } = input;
    methodOf(input.method);
    if (input.file !== undefined && input.method !== 'Upload') await files.about(input.file);
    return {
      task: {
        ...input,
        ...(args ? { args: changedArguments(args, (name, text) => sealedText(secrets, name, text)) } : {}),
        ...(content === undefined ? {} : { content: secrets.seal(content) }),
      },
    };
  },
  assert: async ({ task: input }, caller, { files }) => {
    assertTask(caller, input);
    if (input.file !== undefined && input.method !== 'Upload') await assertFile(input.file, { files }, caller);
  },
  carryOut: async ({ task: { args, content, ...input } }, work, context) =>
    await carryOutTask(
      {
        ...input,
        ...(args ? { args: changedArguments(args, (_name, text) => openedText(context.secrets, text)) } : {}),
        ...(content === undefined ? {} : { content: context.secrets.open(content) }),
      },
      work,
      context,
    ),
};

/** Arguments with each text changed, also those in an object of values by path. */
export function changedArguments(
  args: Record<string, unknown>,
  change: (name: string, text: string) => string,
): Record<string, unknown> {
  const { ParameterList: list, ...rest } = args;
  const isByPath = typeof list === 'object' && list !== null && !Array.isArray(list);
  const values = isByPath
    ? Object.fromEntries(
        Object.entries(list).map(([path, value]) => [path, typeof value === 'string' ? change(path, value) : value]),
      )
    : list;
  return { ...withTexts(rest, change), ...(list === undefined ? {} : withTexts({ ParameterList: values }, change)) };
}

const parameterList = (values: Record<string, SetValue>): TaskInput => ({
  method: 'SetParameterValues',
  args: { ParameterList: values },
});

/** Values with each text changed: sealed, opened or masked. */
export const changedTexts = <V extends SetValue | null>(
  values: Record<string, V>,
  change: (path: string, text: string) => string,
): Record<string, V> =>
  Object.fromEntries(
    Object.entries(values).map(([path, value]) => [
      path,
      typeof value === 'string' ? (change(path, value) as V) : value,
    ]),
  );

/** A value that is kept is an override, written as by an operator. @throws UserError 403 */
function assertPatches({ principal: { role, rights } }: Caller): void {
  if (allowsOperation(rights, { name: 'patchDevice', role: 'operator', isRead: false })) return;
  throw new UserError(403, 'forbidden', `keep: patchDevice is not allowed by the role ${role}`);
}

export const set: StepKind<'set'> = {
  ...common,
  check: async (step, { secrets }) => {
    if (Object.keys(step.set).length === 0) throw new UserError(400, 'bad-job', 'set: names no parameter');
    return { ...step, set: changedTexts(step.set, (path, text) => sealedText(secrets, path, text)) };
  },
  assert: async ({ set: values, keep }, caller) => {
    if (keep) assertPatches(caller);
    caller.assertSets(Object.keys(values));
  },
  wayBack: async ({ set: values, keep }, row, { store }) => {
    const known: Record<string, SetValue> = {};
    for (const path of Object.keys(values)) {
      const found = (await store.parameters(row.id, path)).find(value => value.path === path);
      if (found) known[path] = found.value;
    }
    const back: Step[] = Object.keys(known).length > 0 ? [{ set: known }] : [];
    if (keep) back.push({ overrides: overridesBefore(Object.keys(values), row.overrides) });
    return back;
  },
  carryOut: async ({ set: values, keep }, work, context) => {
    const opened = changedTexts(values, (_path, text) => openedText(context.secrets, text));
    const outcome = await carryOutTask(parameterList(opened), work, context);
    if (keep && outcome.state === 'done') await context.devices.patch(work.position.device, { overrides: opened });
    return outcome;
  },
};

/** The overrides that lead back to what these paths have. */
export const overridesBefore = (
  paths: readonly string[],
  overrides: Readonly<Record<string, { value: string }>>,
): Steps['overrides']['overrides'] => Object.fromEntries(paths.map(path => [path, overrides[path]?.value ?? null]));

export const file: StepKind<'file'> = {
  ...common,
  check: async (step, { files }) => {
    const { type } = await files.about(step.file);
    if (type === 'firmware')
      throw new UserError(400, 'wrong-file-type', `file: '${step.file}' is a firmware: "firmware" installs it`);
    return step;
  },
  assert: async ({ file: name }, caller, { files }) => {
    assertTask(caller, { method: 'Download', file: name });
    await assertFile(name, { files }, caller);
  },
  carryOut: async ({ file: name }, work, context) =>
    await carryOutTask({ method: 'Download', file: name }, work, context),
};

export const diagnostic: StepKind<'diagnostic'> = {
  ...common,
  operation: { name: 'runDiagnostic', isRead: false },
  check: async ({ diagnostic: { kind, settings = {} } }) => {
    readSettings(kindOf(kind), settings);
    return { diagnostic: { kind, settings } };
  },
  carryOut: async ({ diagnostic: { kind, settings = {} } }, work, context) => {
    const { device } = work.position;
    return await carryOut(ofJob => context.diagnostics.add(device, kind, settings, work.caller, ofJob), work, context);
  },
};
