// One run through the queue of transfers: each that is due is attempted, and tried again or concluded.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Transfer } from '../../state/facts.ts';
import { type Timers, TRANSFER } from '../timers.ts';
import { utcTime } from '../unit-time.ts';
import { asFault, attempt, conclude, type TransferHost } from './attempt.ts';
import { updateTransfer } from './queue.ts';
import { type FailedAttempts, nextAttempt } from './retry.ts';
import { ServerGone } from './transfer.ts';

/** The parts of an agent that transfers work on. */
export interface RunHost extends TransferHost {
  readonly timers: Timers;
}

export class TransferRun {
  readonly #agent: RunHost;
  readonly #attempts: FailedAttempts;
  readonly #signal: AbortSignal;
  /** A restart of the unit was ordered. */
  isRestarting = false;

  constructor(agent: RunHost, attempts: FailedAttempts, signal: AbortSignal) {
    this.#agent = agent;
    this.#attempts = attempts;
    this.#signal = signal;
  }

  /** Finishes transfers whose bytes are stored. */
  async recover(): Promise<void> {
    for (const transfer of [...this.#agent.device.state.facts.transfers]) {
      if (transfer.state === 'ended' || !transfer.stored || this.isRestarting) continue;
      await this.#carryOut(transfer);
    }
  }

  /** @returns false when nothing is due now */
  async step(): Promise<boolean> {
    const { device, timers, loop } = this.#agent;
    this.#signal.throwIfAborted();
    if (this.isRestarting) return false;
    const { facts } = device.state;
    const open = facts.transfers.filter(({ state }) => state !== 'ended');
    const next = open.sort((a, b) => a.notBefore - b.notBefore)[0];
    const wait = next ? next.notBefore - device.clock.now() : undefined;
    if (!next || wait === undefined || wait > 0) {
      timers.set(TRANSFER, wait);
      return false;
    }
    // TR-069 A.3.2.8: not within the session that ordered it.
    await loop.alone(async () => undefined);
    this.#signal.throwIfAborted();
    if (device.state.facts.transfers.some(({ id }) => id === next.id)) await this.#begin(next);
    return true;
  }

  async #begin(transfer: Transfer): Promise<void> {
    const { device } = this.#agent;
    const now = device.clock.now();
    const at = nextAttempt(transfer, now, 0);
    if (at === undefined) await this.#fail(transfer, new CwmpFault(9020));
    else if (at > now) await updateTransfer(device, transfer.id, { notBefore: at });
    else await this.#carryOut(transfer);
  }

  async #carryOut(transfer: Transfer): Promise<void> {
    const { device } = this.#agent;
    if (transfer.startTime === undefined || transfer.state === 'queued') {
      await updateTransfer(device, transfer.id, { state: 'running', startTime: utcTime(device) });
    }
    try {
      this.#ended(transfer, await attempt(this.#agent, transfer, this.#signal));
    } catch (error) {
      if (this.#signal.aborted) throw error;
      const fault = asFault(error);
      if (error !== fault) device.log.error('transfer failed with an internal error', { error });
      const tried = this.#attempts.add(transfer.id);
      const again = nextAttempt(transfer, device.clock.now(), tried, fault.code, fault instanceof ServerGone);
      if (again === undefined) await this.#fail(transfer, fault);
      else await updateTransfer(device, transfer.id, { state: 'queued', notBefore: again });
    }
  }

  async #fail(transfer: Transfer, fault: CwmpFault): Promise<void> {
    const { loop } = this.#agent;
    this.#ended(transfer, await loop.alone(() => conclude(this.#agent, transfer, fault, this.#signal)));
  }

  #ended(transfer: Transfer, restarts: boolean): void {
    this.#attempts.forget(transfer.id);
    if (restarts) this.isRestarting = true;
  }
}
