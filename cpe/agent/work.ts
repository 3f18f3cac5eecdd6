// The transfer worker: takes queued transfers one by one, between sessions, until each has an outcome to tell.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { EventEntry } from '../../shared/cwmp/methods.ts';
import { isAbort } from '../../shared/errors.ts';
import type { Device, InstallOutcome, Transfer } from '../state/device.ts';
import { isReported } from './autonomous.ts';
import { utcTime } from './inform.ts';
import { createLatch } from './latch.ts';
import { transferDropped, transferEnded } from './ledger.ts';
import { nextAttempt } from './queue.ts';
import { unknownTime } from './timing.ts';
import { fetchFile, installFile, type OpenFiles, sendFile } from './transfer.ts';

export interface WorkerOptions {
  device: Device;
  open: OpenFiles;
  signal: AbortSignal;
  /** Runs a task while no session runs. */
  alone: <T>(task: () => Promise<T>) => Promise<T>;
  /** Events on their way in the running session. */
  telling: () => readonly EventEntry[];
  /** A transfer ended and is to be told. */
  ended: () => void;
  /** What was installed takes a restart of the unit. */
  restart: () => void;
}

export interface Worker {
  /** Finishes what a power cut left between storing and recording; to be called before the first session. */
  recover(): Promise<void>;
  /** Works until the signal aborts. */
  run(): Promise<void>;
  /** The queue may have grown. */
  wake(): void;
}

export function createWorker(options: WorkerOptions): Worker {
  const { device, signal, alone } = options;
  const latch = createLatch(device.clock);
  const attempts = new Map<string, number>();
  let restarting = false;

  const change = (id: string, edit: (transfer: Transfer) => void): Promise<void> =>
    device.record(facts => {
      const own = facts.transfers.find(transfer => transfer.id === id);
      if (own) edit(own);
    });

  /** Outcome and events become durable in one write. */
  const note = async (transfer: Transfer, outcome: InstallOutcome | CwmpFault): Promise<void> => {
    const { id } = transfer;
    const fault = outcome instanceof CwmpFault ? { code: outcome.code, message: outcome.message } : undefined;
    const idle = !(outcome instanceof CwmpFault) && outcome.status === 'unchanged';
    if (transfer.kind === 'Autonomous' && (idle || !isReported(device, transfer, fault !== undefined))) {
      await device.record(facts => transferDropped(facts, id));
      return;
    }
    const completeTime = fault ? unknownTime : utcTime(device);
    await device.record(facts =>
      transferEnded(facts, id, { completeTime, ...(fault && { fault }) }, options.telling()),
    );
  };

  /** What follows once the outcome is durable: only then may the unit restart. */
  const follow = async ({ id, commandKey, kind }: Transfer, outcome: InstallOutcome | CwmpFault): Promise<void> => {
    attempts.delete(id);
    await device.dropFile(id);
    const fault = outcome instanceof CwmpFault && { fault: outcome.code, reason: outcome.message };
    device.log.info('transfer ended', { kind, commandKey, ...fault });
    if (!(outcome instanceof CwmpFault) && outcome.status === 'reboot') {
      restarting = true;
      options.restart();
    } else options.ended();
  };

  const conclude = async (transfer: Transfer, outcome: InstallOutcome | CwmpFault): Promise<void> => {
    signal.throwIfAborted();
    await note(transfer, outcome);
    await follow(transfer, outcome);
  };

  const attempt = async (transfer: Transfer): Promise<void> => {
    const context = { device, open: options.open, signal };
    if (transfer.kind === 'Upload') {
      await sendFile(context, transfer);
      await alone(() => conclude(transfer, { status: 'applied' }));
      return;
    }
    const bytes = await fetchFile(context, transfer);
    await alone(async () => {
      signal.throwIfAborted();
      // One write for what the file changes and for its outcome: after a power cut it is either all done or not begun.
      const outcome = await device.together(async () => {
        const result = await installFile(context, transfer, bytes).catch(asFault);
        await note(transfer, result);
        return result;
      });
      await follow(transfer, outcome);
    });
  };

  const carryOut = async (transfer: Transfer): Promise<void> => {
    if (transfer.startTime === undefined || transfer.state === 'queued') {
      const startTime = utcTime(device);
      await change(transfer.id, own => Object.assign(own, { state: 'running', startTime }));
    }
    try {
      await attempt(transfer);
    } catch (error) {
      if (signal.aborted) throw error;
      const fault = asFault(error);
      if (error !== fault) device.log.error('transfer failed', { error });
      const tried = (attempts.get(transfer.id) ?? 0) + 1;
      attempts.set(transfer.id, tried);
      const again = nextAttempt(transfer, device.clock.now(), tried, fault.code);
      if (again === undefined) await alone(() => conclude(transfer, fault));
      else await change(transfer.id, own => Object.assign(own, { state: 'queued', notBefore: again }));
    }
  };

  const step = async (): Promise<void> => {
    const open = device.facts.transfers.filter(transfer => transfer.state !== 'ended');
    const next = open.sort((a, b) => a.notBefore - b.notBefore)[0];
    const wait = next ? next.notBefore - device.clock.now() : undefined;
    if (!next || restarting || (wait !== undefined && wait > 0)) {
      await latch.wait(restarting ? undefined : wait, signal);
      return;
    }
    // A.3.2.8: not within the session that ordered it.
    await alone(async () => undefined);
    if (!device.facts.transfers.some(({ id }) => id === next.id)) return;
    const now = device.clock.now();
    const at = nextAttempt(next, now, 0);
    if (at === undefined) await alone(() => conclude(next, new CwmpFault(9020)));
    else if (at > now) await change(next.id, own => Object.assign(own, { notBefore: at }));
    else await carryOut(next);
  };

  return {
    async recover() {
      for (const transfer of [...device.facts.transfers]) {
        if (transfer.state === 'ended' || !transfer.stored || restarting) continue;
        await carryOut(transfer);
      }
    },
    async run() {
      while (!signal.aborted) {
        try {
          await step();
        } catch (error) {
          if (signal.aborted || isAbort(error)) return;
          throw error;
        }
      }
    },
    wake: () => latch.set(),
  };
}

/** A mistake of ours is told as an internal error rather than not at all. */
function asFault(error: unknown): CwmpFault {
  return error instanceof CwmpFault ? error : new CwmpFault(9002);
}
