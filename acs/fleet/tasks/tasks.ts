// Tasks: any RPC of Annex A, queued for a device, sent in its next session, settled by its answer or by later evidence.
import type { Task } from '../../device/task.ts';
import { UserError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import type { Models } from '../common/models.ts';
import type { Cpe } from '../common/ports.ts';
import type { Files } from '../files/files.ts';
import type { ProductModels } from '../models/product-models.ts';
import { newTask, type OfJob, type TaskInput } from './new-task.ts';
import { isEnded, taskEnd } from './task-end.ts';
import { countTasks, listTasks, type TaskPageSearch, type TaskSearch } from './task-list.ts';
import { type TaskOutcome, TaskRuns, type TaskSession } from './task-run.ts';
import { taskWarnings } from './task-warnings.ts';

export const unknownTask = (id: string): UserError => new UserError(404, 'no-such-task', `no task '${id}'`);
const unknown = (id: string): never => {
  throw unknownTask(id);
};

export class Tasks {
  readonly #context: FleetContext;
  readonly #files: Files;
  readonly #products: ProductModels;
  readonly #runs: TaskRuns;

  constructor(context: FleetContext, files: Files, { models, products }: { models: Models; products: ProductModels }) {
    this.#context = context;
    this.#files = files;
    this.#products = products;
    this.#runs = new TaskRuns(context, models);
  }

  /** Queues an operator's task. @throws UserError 400, 404 for the device or the file, 409, 429 */
  readonly add = (device: string, input: TaskInput): Promise<Task> => this.make(device, input, 'operator');
  /** Queues a task of an operator, of the reconciliation or of a job. @throws UserError as `add` */
  async make(device: string, input: TaskInput, origin: Task['origin'], ofJob?: OfJob): Promise<Task> {
    const { store, events } = this.#context;
    const task = await newTask(this.#context, this.#files, device, input, { origin, ...ofJob });
    const added = await store.apply(device, 'taskAdded', { task });
    events.emit('task', { task: added });
    return added;
  }

  /** Objections of the models to the arguments of a task. */
  readonly warnings = (task: Task): Promise<string[]> => taskWarnings(this.#context, this.#products, task);

  /** @throws UserError 404 */
  async get(id: string): Promise<Task> {
    return (await this.#context.store.task(id)) ?? unknown(id);
  }

  /** Tasks of devices that the caller reaches. @throws UserError 400, 403 */
  readonly list = (search: TaskPageSearch, caller: Caller): Promise<{ items: readonly Task[]; next?: string }> =>
    listTasks(this.#context, search, caller);
  readonly count = (search: TaskSearch, caller: Caller): Promise<number> => countTasks(this.#context, search, caller);

  /** @throws UserError 404, 409 for a task that was sent or has ended */
  readonly cancel = async (id: string): Promise<Task> =>
    (await cancelTask(this.#context, await this.get(id))) ?? (await this.get(id));

  /** Resolves with the task once it has ended, or as it is after `ms` or at the signal. @throws UserError 404 */
  async outcome(id: string, ms: number, signal?: AbortSignal): Promise<Task> {
    const { device } = await this.get(id);
    return await taskEnd(this.#context, { device, ms, signal, get: () => this.get(id) });
  }

  /** Sends one task in a session, whose row follows it. @throws SessionLost */
  run(session: TaskSession, task: Task, cpe: Cpe): Promise<TaskOutcome> {
    return this.#runs.run(session, task, cpe);
  }
}

/** @returns the task, undefined where it has gone on meanwhile @throws UserError 409 for one that was sent or has ended */
async function cancelTask({ store, clock, events }: FleetContext, task: Task): Promise<Task | undefined> {
  const { id, device, state } = task;
  if (isEnded(task)) throw new UserError(409, 'task-ended', `task ${id} has ended: ${state}`);
  const cancelled = await store.apply(device, 'taskCancelled', { id, now: clock.now() });
  if (cancelled === 'sent')
    throw new UserError(409, 'task-sent', `task ${id} was sent already; its outcome is awaited`);
  if (cancelled === 'gone') return undefined;
  events.emit('task', { task: cancelled });
  return cancelled;
}
