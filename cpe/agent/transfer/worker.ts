// The transfer worker: takes queued transfers one by one, between sessions, until each has an outcome to tell.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { EventEntry } from '../../../shared/cwmp/methods.ts';
import { isAbort } from '../../../shared/errors.ts';
import type { Device, InstallOutcome } from '../../state/device.ts';
import type { Transfer } from '../../state/facts.ts';
import type { FaultHook } from '../../state/fault-hook.ts';
import { dropFile } from '../../state/files.ts';
import { transferDropped, transferEnded } from '../event-ledger.ts';
import { utcTime } from '../inform.ts';
import { unknownTime } from '../timing.ts';
import { isReported } from './autonomous.ts';
import { nextAttempt } from './queue.ts';
import { fetchFile, installFile, type OpenFiles, ServerGone, sendFile } from './transfer.ts';

/** What the worker asks of its agent. */
export interface WorkerHost {
  readonly device: Device;
  /** Stands between what is ordered and how it is done. */
  readonly faultHook: FaultHook | undefined;
  /** Made per use: an idle unit holds no client. */
  openFiles(): OpenFiles;
  /** Runs a task while no session runs. */
  alone<T>(task: () => Promise<T>): Promise<T>;
  /** Events on their way in the running session. */
  readonly telling: readonly EventEntry[];
  /** A transfer ended and is to be told. */
  transferEnded(): void;
  /** Wants transferDue after so many milliseconds; undefined: not by time. */
  transferIn(ms: number | undefined): void;
  /** What was installed takes a restart of the unit. */
  firmwareInstalled(): void;
}

const idle: Promise<void> = Promise.resolve();
const stopped = (): DOMException => new DOMException('the unit stopped', 'AbortError');

export class Worker {
  readonly #host: WorkerHost;
  /** Failed attempts by transfer. */
  #attempts: Map<string, number> | undefined;
  #restarting = false;
  #stopped = false;
  #running = idle;
  /** The queue may have grown since it was last looked at. */
  #again = false;
  /** Ends what is under way; there is none while nothing is. */
  #abort: AbortController | undefined;

  constructor(host: WorkerHost) {
    this.#host = host;
  }

  /** Finishes what a power cut left between storing and recording; to be called before the first session. */
  recover(): Promise<void> {
    return this.#while(async signal => {
      for (const transfer of [...this.#host.device.state.facts.transfers]) {
        if (transfer.state === 'ended' || !transfer.stored || this.#restarting) continue;
        await this.#carryOut(transfer, signal);
      }
    });
  }

  /** The queue may have grown, or something in it is due. */
  wake(): void {
    this.#again = true;
    if (this.#running !== idle || this.#stopped || this.#restarting) return;
    const running = this.#while(signal => this.#work(signal))
      .catch((error: unknown) => {
        if (!isAbort(error)) this.#host.device.log.error('transfers are given up', { error });
      })
      .then(() => {
        this.#running = idle;
        if (this.#again) this.wake();
      });
    this.#running = running;
  }

  /** Ends at once; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#abort?.abort(stopped());
    while (this.#running !== idle) await this.#running;
  }

  async #while(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    if (this.#stopped) abort.abort(stopped());
    try {
      await task(abort.signal);
    } finally {
      this.#abort = undefined;
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    do {
      this.#again = false;
      while (await this.#step(signal));
    } while (this.#again);
  }

  /** @returns false when nothing is due now */
  async #step(signal: AbortSignal): Promise<boolean> {
    const { device } = this.#host;
    signal.throwIfAborted();
    if (this.#restarting) return false;
    const open = device.state.facts.transfers.filter(transfer => transfer.state !== 'ended');
    const next = open.sort((a, b) => a.notBefore - b.notBefore)[0];
    const wait = next ? next.notBefore - device.clock.now() : undefined;
    if (!next || wait === undefined || wait > 0) {
      this.#host.transferIn(wait);
      return false;
    }
    // A.3.2.8: not within the session that ordered it.
    await this.#host.alone(async () => undefined);
    signal.throwIfAborted();
    if (!device.state.facts.transfers.some(({ id }) => id === next.id)) return true;
    const now = device.clock.now();
    const at = nextAttempt(next, now, 0);
    if (at === undefined) await this.#host.alone(() => this.#conclude(next, new CwmpFault(9020), signal));
    else if (at > now) await this.#change(next.id, own => Object.assign(own, { notBefore: at }));
    else await this.#carryOut(next, signal);
    return true;
  }

  async #carryOut(transfer: Transfer, signal: AbortSignal): Promise<void> {
    const { device } = this.#host;
    if (transfer.startTime === undefined || transfer.state === 'queued') {
      const startTime = utcTime(device);
      await this.#change(transfer.id, own => Object.assign(own, { state: 'running', startTime }));
    }
    try {
      await this.#attempt(transfer, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const fault = asFault(error);
      if (error !== fault) device.log.error('transfer failed', { error });
      this.#attempts ??= new Map();
      const tried = (this.#attempts.get(transfer.id) ?? 0) + 1;
      this.#attempts.set(transfer.id, tried);
      const again = nextAttempt(transfer, device.clock.now(), tried, fault.code, fault instanceof ServerGone);
      if (again === undefined) await this.#host.alone(() => this.#conclude(transfer, fault, signal));
      else await this.#change(transfer.id, own => Object.assign(own, { state: 'queued', notBefore: again }));
    }
  }

  async #attempt(transfer: Transfer, signal: AbortSignal): Promise<void> {
    const host = this.#host;
    const context = { device: host.device, open: host.openFiles(), signal };
    if (transfer.kind === 'Upload') {
      await sendFile(context, transfer);
      await host.alone(() => this.#conclude(transfer, { status: 'applied' }, signal));
      return;
    }
    const bytes = await fetchFile(context, transfer);
    await host.alone(async () => {
      signal.throwIfAborted();
      // One write for what the file changes and for its outcome: after a power cut it is either all done or not begun.
      const outcome = await host.device.state.together(async () => {
        const honest = (): Promise<InstallOutcome> => installFile(context, transfer, bytes);
        const result = await (host.faultHook?.install(transfer, signal, honest) ?? honest()).catch((error: unknown) => {
          // Power failed meanwhile: there is no outcome, and the installation begins again.
          signal.throwIfAborted();
          return asFault(error);
        });
        await this.#note(transfer, result);
        return result;
      });
      await this.#follow(transfer, outcome, signal);
    });
  }

  async #conclude(transfer: Transfer, outcome: InstallOutcome | CwmpFault, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#note(transfer, outcome);
    await this.#follow(transfer, outcome, signal);
  }

  /** Outcome and events become durable in one write. */
  async #note(transfer: Transfer, outcome: InstallOutcome | CwmpFault): Promise<void> {
    const { device, telling } = this.#host;
    const { id } = transfer;
    const fault = outcome instanceof CwmpFault ? { code: outcome.code, message: outcome.message } : undefined;
    const untouched = !(outcome instanceof CwmpFault) && outcome.status === 'unchanged';
    if (transfer.kind === 'Autonomous' && (untouched || !isReported(device, transfer, fault !== undefined))) {
      await device.state.record(facts => transferDropped(facts, id));
      return;
    }
    const completeTime = fault ? unknownTime : utcTime(device);
    await device.state.record(facts => transferEnded(facts, id, { completeTime, ...(fault && { fault }) }, telling));
  }

  /** What follows once the outcome is durable: only then may the unit restart. */
  async #follow(transfer: Transfer, outcome: InstallOutcome | CwmpFault, signal: AbortSignal): Promise<void> {
    const { device, faultHook } = this.#host;
    const { id, commandKey, kind } = transfer;
    await faultHook?.settled(transfer, signal, outcome instanceof CwmpFault ? outcome.code : 0);
    this.#attempts?.delete(id);
    await dropFile(device.state.persist, id);
    const fault = outcome instanceof CwmpFault && { fault: outcome.code, reason: outcome.message };
    device.log.info('transfer ended', { kind, commandKey, ...fault });
    if (!(outcome instanceof CwmpFault) && outcome.status === 'reboot') {
      this.#restarting = true;
      this.#host.firmwareInstalled();
    } else this.#host.transferEnded();
  }

  #change(id: string, edit: (transfer: Transfer) => void): Promise<void> {
    return this.#host.device.state.record(facts => {
      const own = facts.transfers.find(transfer => transfer.id === id);
      if (own) edit(own);
    });
  }
}

/** A mistake of ours is told as an internal error rather than not at all. */
function asFault(error: unknown): CwmpFault {
  return error instanceof CwmpFault ? error : new CwmpFault(9002);
}
