// Tasks: any RPC of Annex A, queued for a device, sent in its next session, settled by its answer or by later evidence.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { type CpeMethod, methods, type ParameterValue, validateArguments } from '../../../shared/cwmp/methods.ts';
import { UserError } from '../../../shared/errors.ts';
import type { Outcome } from '../../device/operation-types.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task, TaskFault } from '../../device/task.ts';
import { isTransfer } from '../../device/task-evidence.ts';
import type { AcsEvents } from '../../events.ts';
import type { FleetContext } from '../common/context.ts';
import { learnInterval } from '../common/inform-interval.ts';
import { type Models, typeOf } from '../common/models.ts';
import { type Cpe, SessionLost } from '../common/ports.ts';
import { isSecretName } from '../common/secrets.ts';
import { refresh, type SessionState } from '../common/session-state.ts';
import type { Files } from '../files/files.ts';
import { type StoredFile, transferType } from '../files/stored-file.ts';

export interface TaskInput {
  method: string;
  args?: Record<string, unknown>;
  /** Name of a stored file, for Download (what to fetch) and Upload (where to put it): the ACS fills in URL, type and size. */
  file?: string;
  /** Of a Download: a text made for this task alone. */
  content?: string;
  /** Seconds from now after which a task that is still queued fails. */
  expiresIn?: number;
  /** The rollout that it is done for. */
  rollout?: string;
}

export interface Tasks {
  add(device: string, input: TaskInput): Promise<Task>;
  /** A task of the reconcile step: made and returned, not announced to `wait`ers. */
  make(device: string, input: TaskInput, origin: Task['origin']): Promise<Task>;
  get(id: string): Promise<Task>;
  list(query: { device?: string; limit: number }): Promise<Task[]>;
  cancel(id: string): Promise<Task>;
  /** Resolves with the task once it has ended, or as it then is after `ms`. */
  outcome(id: string, ms: number): Promise<Task>;
  /** Sends one task in a session; the visit has the row that it leaves. @returns whether the CPE will restart after this session */
  run(visit: InTask, task: Task, cpe: Cpe): Promise<{ task: Task; ends: boolean }>;
}

type InTask = Pick<SessionState, 'row' | 'token' | 'base'>;

/** How often a task that ends elsewhere is looked at. */
const LOOK_MS = 1_000;

const isEnded = (task: Task): boolean => task.state === 'done' || task.state === 'failed' || task.state === 'cancelled';
/** After these the CPE goes away: nothing more is asked of it in the session. */
const departures = new Set<string>(['Reboot', 'FactoryReset']);

export function faultOf(error: CwmpFault): TaskFault {
  return {
    code: error.code,
    message: error.message,
    ...(error.parameters.length ? { parameters: [...error.parameters] } : {}),
  };
}

export function createTasks(context: FleetContext, files: Files, models: Models): Tasks {
  const { store, clock, random, events, ports } = context;

  const methodOf = (name: string): CpeMethod => {
    const method = Object.hasOwn(methods, name) ? methods[name as CpeMethod] : undefined;
    if (!method || (method.to as string) === 'acs') {
      const known = Object.entries(methods)
        .filter(([, entry]) => entry.to !== 'acs')
        .map(([known]) => known);
      throw new UserError(
        400,
        'unknown-method',
        `'${name}' is not an RPC that an ACS calls (known: ${[...new Set(known)].join(', ')})`,
      );
    }
    return name as CpeMethod;
  };

  /** Fills in what the ACS knows better: a CommandKey of its own, and what a stored file is. */
  const completed = (
    method: CpeMethod,
    id: string,
    input: TaskInput,
    stored: StoredFile | undefined,
  ): Record<string, unknown> => {
    const given = { ...input.args };
    if (hasCommandKey(method) && !given.CommandKey) given.CommandKey = id;
    if (stored) {
      given.FileType ??= transferType[stored.type];
      given.FileSize ??= stored.size;
      given.TargetFileName ??= stored.name;
    }
    // The real one is made when the task is sent: it is bound to the task.
    if (input.file || input.content !== undefined) given.URL = '';
    if (method === 'Upload') given.FileType ??= '1 Vendor Configuration File';
    if (isTransfer({ method }) && !input.file && input.content === undefined && !given.URL)
      throw new UserError(400, 'no-source', `${method} needs "file": the name of a stored file or args.URL`);
    return validateArguments(method, given) as Record<string, unknown>;
  };

  const make: Tasks['make'] = async (device, input, origin) => {
    const method = methodOf(input.method);
    if (input.file && !isTransfer({ method })) throw new UserError(400, 'file-not-allowed', `${method} takes no file`);
    const stored = input.file && method !== 'Upload' ? await files.about(input.file) : undefined;
    if (input.file && method === 'Upload') await files.mayReceive(input.file);
    const id = random.bytes(12).toString('hex');
    const task: Task = {
      id,
      device,
      method,
      args: completed(method, id, input, stored),
      state: 'queued',
      origin,
      created: clock.now(),
      ...(input.file ? { file: input.file } : {}),
      ...(stored ? { fileHash: stored.sha256 } : {}),
      ...(input.content === undefined ? {} : { content: context.secrets.seal(input.content) }),
      ...(input.expiresIn ? { expires: clock.now() + input.expiresIn * 1000 } : {}),
      ...(input.rollout ? { rollout: input.rollout } : {}),
    };
    const added = await store.apply(device, 'taskAdded', { task });
    events.emit('task', { task: added });
    return added;
  };

  const get = async (id: string): Promise<Task> => {
    const found = await store.task(id);
    if (!found) throw new UserError(404, 'no-such-task', `no task '${id}'`);
    return found;
  };

  const settle = async (visit: InTask, task: Task, outcome: Outcome, known: KnownValue[] = []): Promise<Task> => {
    const settled = await store.apply(visit.row.id, 'taskSettled', {
      token: visit.token,
      id: task.id,
      outcome,
      ...(known.length ? { known } : {}),
      now: clock.now(),
    });
    if (settled === 'stale') throw new SessionLost('another session has taken the device over');
    // Cancelled, or its device removed, while the device had it in hand: it has ended, and was told as that.
    if (settled === 'gone') return (await dropped(visit, task)) ?? task;
    visit.row = settled.row;
    events.emit('task', { task: settled.task });
    return settled.task;
  };

  /** What has become of a task that is no longer the device's to do. */
  const dropped = async (visit: InTask, task: Task): Promise<Task | undefined> => {
    await refresh(visit, context);
    return await store.task(task.id);
  };

  const outcomeOf = (task: Task, result: Record<string, unknown>): Outcome => {
    if (isTransfer(task) && result.Status !== 0) return { state: 'waiting', result };
    if (departures.has(task.method)) return { state: 'waiting', result };
    return { state: 'done', result };
  };

  /** What the task holds, made ready for the device as it is now: file link, ParameterKey, types that the operator left out. */
  const argsToSend = async (visit: InTask, task: Task, cpe: Cpe): Promise<Record<string, unknown>> => {
    const { row } = visit;
    const args = { ...task.args };
    if (task.file || task.content)
      args.URL = ports.linkFile(task, task.method === 'Upload' ? 'upload' : 'download', visit.base);
    if (args.ParameterKey === '') args.ParameterKey = row.parameterKey;
    if (task.method === 'SetParameterValues')
      args.ParameterList = await typed(row, args.ParameterList as ParameterValue[], cpe);
    return args;
  };

  /** Many CPEs refuse a value of another type (9006): the model tells it, else the device has told or is asked now. */
  const typed = async (row: DeviceRow, list: ParameterValue[], cpe: Cpe): Promise<ParameterValue[]> => {
    const model = await models.of(row);
    const types = new Map<string, string>();
    const unknown: string[] = [];
    for (const { Name } of list.filter(({ Type }) => Type === '')) {
      const type = typeOf(model, Name) ?? (await toldType(row.id, Name));
      if (type) types.set(Name, type);
      else unknown.push(Name);
    }
    if (unknown.length) {
      try {
        const { ParameterList } = await cpe.call('GetParameterValues', { ParameterNames: unknown });
        for (const { Name, Type } of ParameterList) types.set(Name, Type);
      } catch (error) {
        // A name that the device does not know: its answer to the setting itself names it.
        if (!(error instanceof CwmpFault)) throw error;
      }
    }
    return list.map(entry => {
      if (entry.Type !== '') return entry;
      const type = types.get(entry.Name) || 'xsd:string';
      // What is no value of the type is the device's to refuse, by name; the envelope itself stays valid.
      return { ...entry, Type: isLexical(type, entry.Value) ? type : 'xsd:string' };
    });
  };

  const toldType = async (device: string, name: string): Promise<string | undefined> =>
    (await store.parameters(device, name)).find(({ path }) => path === name)?.type;

  const sleepUntil = async (signal: AbortSignal, ms: number): Promise<void> => {
    try {
      await clock.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };

  const run: Tasks['run'] = async (visit, task, cpe) => {
    const method = methodOf(task.method);
    if (!methods[method].repeatable) {
      const sent = await store.apply(visit.row.id, 'taskSent', { token: visit.token, id: task.id, now: clock.now() });
      if (sent === 'stale') throw new SessionLost('another session has taken the device over');
      if (sent === 'gone') {
        await refresh(visit, context);
        return { task, ends: false };
      }
      events.emit('task', { task: sent });
    }
    try {
      const args = await argsToSend(visit, task, cpe);
      // The row was read when the queue began: what was cancelled since is not asked.
      if (methods[method].repeatable && (await store.task(task.id))?.state !== 'queued') {
        await refresh(visit, context);
        return { task, ends: false };
      }
      const result = (await cpe.call(method, args as never)) as Record<string, unknown>;
      const known = knownFrom({ ...task, args }, result, clock.now());
      await learnInterval(store, visit.row, known);
      if (method === 'GetParameterValues')
        events.emit('values', { row: visit.row, list: result.ParameterList as ParameterValue[] });
      return { task: await settle(visit, task, outcomeOf(task, result), known), ends: departures.has(method) };
    } catch (error) {
      if (!(error instanceof CwmpFault)) throw error;
      return { task: await settle(visit, task, { state: 'failed', fault: faultOf(error) }), ends: false };
    }
  };

  return {
    make,
    get,
    run,
    add: async (device, input) => await make(device, input, 'operator'),
    list: async query => await store.tasks(query),
    cancel: async id => {
      const task = await get(id);
      if (isEnded(task)) throw new UserError(409, 'task-ended', `task ${id} has ended: ${task.state}`);
      const cancelled = await store.apply(task.device, 'taskCancelled', { id, now: clock.now() });
      if (cancelled === 'sent')
        throw new UserError(409, 'task-sent', `task ${id} was sent already; its outcome is awaited`);
      if (cancelled === 'gone') return await get(id);
      events.emit('task', { task: cancelled });
      return cancelled;
    },
    outcome: async (id, ms) => {
      const { device } = await get(id);
      const over = new AbortController();
      const timer = clock.after(ms, () => over.abort());
      const off = events.follow(device, (name, event) => {
        if (name !== 'task') return;
        const { task } = event as AcsEvents['task'];
        if (task.id === id && isEnded(task)) over.abort();
      });
      try {
        for (;;) {
          const task = await get(id);
          if (isEnded(task)) return task;
          if (over.signal.aborted) return await get(id);
          // What ends in another process is told, unless that process is just ending too.
          await sleepUntil(over.signal, context.members.alone ? ms : LOOK_MS);
        }
      } finally {
        timer.cancel();
        off();
      }
    },
  };
}

const lexicalForms: Readonly<Record<string, RegExp>> = {
  'xsd:boolean': /^(0|1|true|false)$/,
  'xsd:int': /^[+-]?\d{1,10}$/,
  'xsd:long': /^[+-]?\d{1,19}$/,
  'xsd:unsignedInt': /^\+?\d{1,10}$/,
  'xsd:unsignedLong': /^\+?\d{1,20}$/,
  'xsd:dateTime': /^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/,
  'xsd:hexBinary': /^([0-9A-Fa-f]{2})*$/,
};

/** Whether a text is written as XML Schema writes values of the type (XML Schema Part 2, 3.2 and 3.3); ranges are the device's. */
const isLexical = (type: string, text: string): boolean => lexicalForms[type]?.test(text) ?? true;

const hasCommandKey = (method: CpeMethod): boolean => Object.hasOwn(methods[method].request, 'CommandKey');

/** What an answer teaches about the device's parameters. */
function knownFrom(task: Task, result: Record<string, unknown>, time: number): KnownValue[] {
  const valuesOf = (list: unknown): KnownValue[] =>
    (list as ParameterValue[]).map(({ Name, Value, Type }) => ({ path: Name, value: Value, type: Type, time }));
  if (task.method === 'GetParameterValues') return valuesOf(result.ParameterList);
  if (task.method !== 'SetParameterValues') return [];
  return valuesOf(task.args.ParameterList).filter(({ path }) => !isSecretName(path));
}
