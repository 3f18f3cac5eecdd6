// Diagnostics of devices: each run is a task, from its request to the result that the device reports.
import type { Task } from '../../device/task.ts';
import { UserError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import { firstPage } from '../access/first-page.ts';
import type { FleetContext } from '../common/context.ts';
import { unknownDevice } from '../devices/devices.ts';
import type { OfJob } from '../tasks/new-task.ts';
import { type DiagnosticKind, pathsUnder } from './kinds.ts';
import { kindOf, readSettings } from './request.ts';

export interface DiagnosticQuery {
  device: string;
  kind?: string;
  limit: number;
  cursor?: string;
}

export class Diagnostics {
  readonly #context: FleetContext;

  constructor(context: FleetContext) {
    this.#context = context;
  }

  /**
   * Queues a diagnostic for the next session of a device.
   * @param caller whose rights must allow to set and read an object of the kind
   * @param ofJob the job that it belongs to, with the id that the job makes
   * @throws UserError 400 for a setting, 403, 404 for the kind or the device, 409 while one of the kind is open, 429
   */
  async add(
    device: string,
    name: string,
    given: Readonly<Record<string, unknown>>,
    caller?: Caller,
    ofJob?: OfJob,
  ): Promise<Task> {
    const { store, events, random, clock } = this.#context;
    const kind = kindOf(name);
    const input = readSettings(kind, given);
    const row = await store.device(device);
    if (!row) throw unknownDevice(device);
    const paths = allowedPaths(kind, row.root, caller);
    const task: Task = {
      id: ofJob?.id ?? random.bytes(12).toString('hex'),
      device,
      method: 'SetParameterValues',
      args: { ParameterList: [], ParameterKey: '' },
      state: 'queued',
      origin: 'operator',
      created: clock.now(),
      diagnostic: { kind, input, paths },
      ...(ofJob ? { job: ofJob.job } : {}),
    };
    const added = await store.apply(device, 'taskAdded', { task });
    events.emit('task', { task: added });
    return added;
  }

  /** The runs of a device, newest first. Where other tasks lie between them a page ends early, after some reads. */
  list({ kind, ...query }: DiagnosticQuery): Promise<{ items: readonly Task[]; next?: string }> {
    return firstPage(
      query,
      next => this.#context.store.tasks(next),
      async tasks => tasks.filter(({ diagnostic }) => diagnostic && (kind === undefined || diagnostic.kind === kind)),
    );
  }
}

/** @throws UserError 403 that names the first object where none is allowed; 409 where the root has none */
function allowedPaths(kind: DiagnosticKind, root: string, caller: Caller | undefined): readonly string[] {
  const paths = pathsUnder(kind, root);
  if (paths.length === 0) throw new UserError(409, 'no-diagnostic', `${kind}: the data model under ${root} has none`);
  if (!caller || (caller.readsAll && caller.setsAll)) return paths;
  const allowed = paths.filter(path => caller.maySet(path) && caller.mayRead(path));
  if (allowed.length > 0) return allowed;
  caller.assertSets(paths);
  caller.assertReads(paths);
  return paths;
}
