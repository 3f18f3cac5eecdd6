// The work of a session, once its Inform is answered: all that is due for the device.
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import type { Task } from '../../device/task.ts';
import { type FleetContext, MAX_PARAMETERS } from '../common/context.ts';
import type { Cpe } from '../common/ports.ts';
import { quirksOf } from '../common/quirks.ts';
import { refresh } from '../common/session-state.ts';
import { HISTORY } from '../monitoring/history-reader.ts';
import { touchedBy } from '../reconcile/drift.ts';
import { raiseFailedDownload } from '../reconcile/failed-download.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import type { ReconcileParts } from '../reconcile/reconciliation.ts';
import { adapted } from './adapted-cpe.ts';
import { askedOnly } from './asked-only.ts';
import type { ClaimedSessions } from './claimed-sessions.ts';
import { CREDENTIALS, CredentialOffers } from './credentials.ts';
import { type DeviceSession, dueTasks } from './device-session.ts';
import { discreet } from './discreet-cpe.ts';
import { FirstIntervals } from './first-interval.ts';
import { noted } from './lost-session.ts';
import { splitting } from './split-reads.ts';

/** Credentials, then operators' tasks, then the desired state; again as long as there is something new to do. */
export class SessionWork {
  readonly #context: FleetContext;
  readonly #parts: ReconcileParts;
  readonly #claimed: ClaimedSessions;
  readonly #credentials: CredentialOffers;
  readonly #intervals: FirstIntervals;

  constructor(context: FleetContext, parts: ReconcileParts, claimed: ClaimedSessions) {
    this.#context = context;
    this.#parts = parts;
    this.#claimed = claimed;
    this.#credentials = new CredentialOffers(context, parts.wantedStates);
    this.#intervals = new FirstIntervals(context);
  }

  async run(session: DeviceSession, connected: Cpe): Promise<void> {
    const { row } = session;
    if (row.state !== 'enrolled') return;
    const { quirks, log, secrets, maxParameters: most = MAX_PARAMETERS } = this.#context;
    const answering = askedOnly(discreet(noted(connected, session), secrets.names.has), {
      most,
      onDropped: (method, counts) => log.warn('unasked parameters dropped', { device: row.id, method, ...counts }),
    });
    const adaptedCpe = splitting(adapted(answering, quirksOf(row, quirks), row.root), most);
    const cpe = this.#parts.learning?.watching(adaptedCpe, row) ?? adaptedCpe;
    const write = async (): Promise<void> => await this.#parts.learning?.write();
    await this.#prepare(session, cpe).finally(write);
    // Nothing may be awaited between the look that finds nothing asked for and the end of the session.
    while (!(await this.#round(session, cpe).finally(write)) && this.#claimed.isAsked(session.id));
  }

  async #prepare(session: DeviceSession, cpe: Cpe): Promise<void> {
    // An operator who has it called expects what was changed a moment before, also through another process that could not tell this one.
    if (session.events.includes('6 CONNECTION REQUEST')) await this.#context.store.refresh?.();
    // The count of a session that was lost a moment ago may have ended a task, or suspended a preset.
    if (session.row.unfinished) await refresh(session, this.#context);
    session.purpose = { cause: CREDENTIALS };
    await this.#credentials.offer(session, cpe);
    await this.#parts.diagnostics.read(session, cpe);
  }

  /** Does all that is due, and the reads that end a session. @returns whether the CPE restarts after this session */
  async #round(session: DeviceSession, cpe: Cpe): Promise<boolean> {
    const { id } = session;
    do {
      if (this.#claimed.takeAsked(id)) await refresh(session, this.#context);
      if (await this.#workOnce(session, cpe)) return true;
    } while (this.#claimed.isAsked(id));
    session.purpose = { cause: HISTORY };
    await this.#intervals.read(session, cpe);
    await this.#parts.history?.read(session, cpe);
    return false;
  }

  /** @returns whether the CPE restarts after this session */
  async #workOnce(session: DeviceSession, cpe: Cpe): Promise<boolean> {
    if (await this.#runTasks(session, cpe)) return true;
    return (await reconcile(session, cpe, this.#context, this.#parts)) === 'departed';
  }

  /** @returns whether the CPE restarts after this session */
  async #runTasks(session: DeviceSession, cpe: Cpe): Promise<boolean> {
    const due = (): Task[] => dueTasks(session.row, this.#context.clock.now());
    for (let queue = due(); queue.length; queue = due()) {
      // Later tasks are in the row that the last of these leaves, or are asked for again.
      this.#claimed.takeAsked(session.id);
      for (const task of queue) {
        const { diagnostic } = task;
        if (diagnostic) {
          await this.#parts.diagnostics.begin(session, { ...task, diagnostic }, cpe);
          continue;
        }
        const { task: after, ends } = await this.#parts.tasks.run(session, task, cpe);
        session.touched.push(...touchedBy(after));
        if (ends) return true;
      }
    }
    return false;
  }
}

/** Settles the task of a transfer (TR-069 A.3.3.2), if there is one. */
export async function settleTransfer(
  context: FleetContext,
  parts: ReconcileParts,
  session: DeviceSession,
  args: Arguments<'TransferComplete'>,
): Promise<void> {
  const { store, clock, events, log } = context;
  const { CommandKey: commandKey, FaultStruct } = args;
  const task = await store.apply(session.id, 'transferCompleted', {
    commandKey,
    fault: { code: FaultStruct.FaultCode, message: FaultStruct.FaultString },
    startTime: args.StartTime,
    completeTime: args.CompleteTime,
    now: clock.now(),
  });
  if (!task) {
    log.info('transfer without a task', { device: session.id, commandKey, fault: FaultStruct.FaultCode });
    return;
  }
  events.emit('task', { task });
  if (task.origin === 'operator') session.touched.push(...touchedBy(task));
  await raiseFailedDownload(context, parts, session, task);
  await refresh(session, context);
}
