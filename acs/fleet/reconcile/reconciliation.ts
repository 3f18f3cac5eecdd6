// One reconciliation: a device in session, and what every step towards its desired state needs.

import type { Model } from '../../../shared/model/definitions.ts';
import { withoutUrlSecrets } from '../../../shared/model/secret-names.ts';
import type { DeviceOperations } from '../../device/operation-types.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { type Backoff, retryAt } from '../common/backoff.ts';
import type { FleetContext } from '../common/context.ts';
import type { Models } from '../common/models.ts';
import type { Cpe } from '../common/ports.ts';
import type { SessionState } from '../common/session-state.ts';
import type { DiagnosticRuns } from '../diagnostics/runs.ts';
import type { Files } from '../files/files.ts';
import type { ModelLearning } from '../models/learning.ts';
import type { History } from '../monitoring/history.ts';
import { OVERRIDE } from '../presets/preset.ts';
import type { WantedStates } from '../presets/wanted-states.ts';
import type { Rollouts } from '../rollout/rollouts.ts';
import type { TaskInput } from '../tasks/new-task.ts';
import type { Tasks } from '../tasks/tasks.ts';

/** The parts of the fleet that a reconciliation uses. */
export interface ReconcileParts {
  tasks: Tasks;
  wantedStates: WantedStates;
  models: Models;
  files: Files;
  rollouts: Pick<Rollouts, 'isOffering' | 'noticed'>;
  diagnostics: DiagnosticRuns;
  history?: Pick<History, 'read'>;
  learning?: ModelLearning;
}

/** Operations that the token of the session's claim fences. */
type FencedOperation = {
  [N in keyof DeviceOperations]: 'token' extends keyof DeviceOperations[N]['args'] ? N : never;
}[keyof DeviceOperations];

type NewFault = Omit<DeviceOperations['faultRaised']['args'], 'now'>;

export class Reconciliation {
  readonly session: SessionState;
  readonly cpe: Cpe;
  readonly context: FleetContext;
  readonly parts: ReconcileParts;

  constructor(session: SessionState, cpe: Cpe, context: FleetContext, parts: ReconcileParts) {
    this.session = session;
    this.cpe = cpe;
    this.context = context;
    this.parts = parts;
  }

  /** The device as this session knows it; each step that changes the device in the store changes it here too. */
  get row(): DeviceRow {
    return this.session.row;
  }

  set row(row: DeviceRow) {
    this.session.row = row;
  }

  get now(): number {
    return this.context.clock.now();
  }

  model(): Promise<Model | undefined> {
    return this.parts.models.of(this.row);
  }

  /** Changes the device in the store. @returns `stale` where another session has taken the device over */
  apply<N extends FencedOperation>(
    operation: N,
    args: Omit<DeviceOperations[N]['args'], 'token'>,
  ): Promise<DeviceOperations[N]['result']> {
    return this.context.store.apply(this.row.id, operation, { ...args, token: this.session.token });
  }

  async raise(fault: NewFault): Promise<void> {
    const { store, events } = this.context;
    const message = withoutUrlSecrets(fault.message);
    const raised = await store.apply(this.row.id, 'faultRaised', { ...fault, message, now: this.now });
    const others = this.row.faults.filter(({ cause }) => cause !== raised.cause);
    this.row = { ...this.row, faults: [...others, raised] };
    events.emit('fault', { fault: raised });
  }

  /** Raises a fault whose wait doubles each time, for as long as its basis stays the same. */
  async raiseWithBackoff(fault: Omit<NewFault, 'retryAt'>, backoff: Backoff): Promise<void> {
    const before = this.row.faults.find(({ cause }) => cause === fault.cause);
    const count = before && before.basis === fault.basis ? before.count : 0;
    await this.raise({ ...fault, retryAt: retryAt(this.context, backoff, count) });
  }

  /** Takes a fault that the store has just cleared out of the row. */
  clearFault(cause: string): void {
    this.row = { ...this.row, faults: this.row.faults.filter(fault => fault.cause !== cause) };
  }

  makeTask(input: TaskInput): Promise<Task> {
    return this.parts.tasks.make(this.row.id, input, 'reconcile');
  }

  /** Sends one RPC. @returns its task as the answer left it */
  async send(task: Task): Promise<Task> {
    return (await this.parts.tasks.run(this.session, task, this.cpe)).task;
  }

  /**
   * Cancels tasks that were made in a session that was lost before it could send them: they are decided again.
   * @returns false where one of the tasks has been sent
   */
  async cancelUnsent(tasks: readonly Task[]): Promise<boolean> {
    if (tasks.some(({ state }) => state !== 'queued')) return false;
    for (const { id } of tasks) await this.parts.tasks.cancel(id);
    return true;
  }
}

/** Names the presets that are charged where the session is lost over an RPC from here on. */
export function actFor({ session }: Reconciliation, presets: readonly string[], revision: string): void {
  session.purpose = { presets: presets.length > 0 ? presets : [OVERRIDE], revision };
}
