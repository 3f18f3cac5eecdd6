// One attempt at a transfer, and its outcome: durable first, then acted on.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { EventEntry } from '../../../shared/cwmp/methods.ts';
import type { Device, InstallOutcome } from '../../state/device.ts';
import type { Transfer } from '../../state/facts.ts';
import { dropFile } from '../../state/files.ts';
import { transferDropped, transferEnded } from '../event-ledger.ts';
import type { AgentOptions } from '../options.ts';
import { unknownTime } from '../timing.ts';
import { utcTime } from '../unit-time.ts';
import { isReported } from './autonomous.ts';
import { openFilesWith } from './file-client.ts';
import { BACKUP_IMAGE, isUpload } from './queue.ts';
import { fetchFile, installFile, sendFile, type TransferContext } from './transfer.ts';

/** The parts of an agent that an attempt works on. */
export interface TransferHost {
  readonly device: Device;
  readonly options: Pick<AgentOptions, 'http' | 'faultHook'>;
  readonly pending: {
    /** Events that the running session reports. */
    readonly inFlight: readonly EventEntry[];
  };
  readonly loop: {
    want(): void;
    /** Ends the run by a restart of the unit. */
    leave(exit: () => Promise<void>): void;
    /** Runs a task while no session runs. */
    alone<T>(task: () => Promise<T>): Promise<T>;
  };
}

type Outcome = InstallOutcome | CwmpFault;

/** Any error as a fault: a mistake of this program is reported as an internal error. */
export const asFault = (error: unknown): CwmpFault => (error instanceof CwmpFault ? error : new CwmpFault(9002));

/**
 * Fetches and installs, or sends, one file, and concludes the transfer.
 * @returns whether a restart of the unit was ordered
 * @throws CwmpFault for a failure of the transfer, another error for a mistake of this program: it may be tried again
 */
export async function attempt(agent: TransferHost, transfer: Transfer, signal: AbortSignal): Promise<boolean> {
  const { device, options, loop } = agent;
  const context: TransferContext = { device, open: openFilesWith(device, options.http), signal };
  if (isUpload(transfer)) {
    await sendFile(context, transfer);
    return loop.alone(() => conclude(agent, transfer, { status: 'applied' }, signal));
  }
  const bytes = await fetchFile(context, transfer);
  return loop.alone(() => install(agent, context, transfer, bytes));
}

/** One write for what the file changes and for its outcome: after a power cut it is either all done or not begun. */
async function install(
  agent: TransferHost,
  context: TransferContext,
  transfer: Transfer,
  bytes: Buffer,
): Promise<boolean> {
  const { device, options } = agent;
  const { signal } = context;
  signal.throwIfAborted();
  const outcome = await device.state.together(async () => {
    const perform = (): Promise<InstallOutcome> => installFile(context, transfer, bytes);
    const installed = options.faultHook?.install(transfer, signal, perform) ?? perform();
    const result = await installed.catch((error: unknown) => {
      // Power failed meanwhile: there is no outcome, and the installation begins again.
      signal.throwIfAborted();
      return asFault(error);
    });
    await note(agent, transfer, result);
    return result;
  });
  return follow(agent, transfer, outcome, signal);
}

/** Ends a transfer. @returns whether a restart of the unit was ordered */
export async function conclude(
  agent: TransferHost,
  transfer: Transfer,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  await note(agent, transfer, outcome);
  return follow(agent, transfer, outcome, signal);
}

/** Outcome and events become durable in one write. */
function note(host: TransferHost, transfer: Transfer, outcome: Outcome): Promise<void> {
  const { device } = host;
  return device.state.together(async () => {
    if (transfer.kind === 'Autonomous') {
      await device.transferEnded(transfer, outcome instanceof CwmpFault ? outcome : undefined);
    }
    await record(host, transfer, outcome);
  });
}

async function record({ device, pending }: TransferHost, transfer: Transfer, outcome: Outcome): Promise<void> {
  const { id } = transfer;
  const fault = outcome instanceof CwmpFault ? { code: outcome.code, message: outcome.message } : undefined;
  const unchanged = !(outcome instanceof CwmpFault) && outcome.status === 'unchanged';
  if (transfer.kind === 'Autonomous' && (unchanged || !isReported(device, transfer, fault !== undefined))) {
    await device.state.record(facts => transferDropped(facts, id));
    return;
  }
  const completeTime = fault ? unknownTime : utcTime(device);
  const end = { completeTime, ...(fault && { fault }) };
  await device.state.record(facts => transferEnded(facts, id, end, pending.inFlight));
}

/** Acts on an outcome that is durable: only then may the unit restart. */
async function follow(
  agent: TransferHost,
  transfer: Transfer,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<boolean> {
  const { device, options, loop } = agent;
  const { id, commandKey, kind } = transfer;
  const fault = outcome instanceof CwmpFault ? { fault: outcome.code, reason: outcome.message } : undefined;
  await options.faultHook?.settled(transfer, signal, fault?.fault ?? 0);
  await dropFile(device.state.persist, id);
  device.log.info('transfer ended', { kind, commandKey, ...fault });
  if (outcome instanceof CwmpFault || outcome.status !== 'reboot') {
    loop.want();
    return false;
  }
  const reason = transfer.args.FileType === BACKUP_IMAGE ? 'restore' : 'firmware';
  loop.leave(() => device.power.reboot({ reason }));
  return true;
}
