// Faults of the protocol: a unit that reports one thing and does another, answers with the wrong fault, or misses connection
// requests.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { InstallOutcome } from '../state/device.ts';
import type { Transfer } from '../state/facts.ts';
import type { FaultHook } from '../state/fault-hook.ts';
import { setsLogin } from './message-faults.ts';
import { untilAborted } from './network.ts';
import type { UnitFaults } from './unit-faults.ts';

/** The unit that a FaultyHook acts on. */
export interface FaultyUnit {
  /** Cuts the power. @returns false when it is off already */
  cut(): boolean;
  /** Restarts a little later, without an order. */
  rebootSoon(): void;
  /** Drops an installed image before it ever runs. */
  dropFirmware(transfer: Readonly<Transfer>): Promise<void>;
}

const IMAGE = '1 Firmware Upgrade Image';
/** Request denied, internal error, and a vendor's own. */
const wrongFaults = [9001, 9002, 9800] as const;

const isImage = (transfer: Readonly<Transfer>): boolean => transfer.args.FileType === IMAGE;

/** The hook of a unit with faults; `perform` is the behaviour without faults. */
export class FaultyHook implements FaultHook {
  readonly #faults: UnitFaults;
  readonly #unit: FaultyUnit;
  /** Transfers after whose commit the power fails. */
  #doomed: Set<string> | undefined;

  constructor(faults: UnitFaults, unit: FaultyUnit) {
    this.#faults = faults;
    this.#unit = unit;
  }

  async carryOut<T>(method: string, args: Readonly<Record<string, unknown>>, perform: () => Promise<T>): Promise<T> {
    const faults = this.#faults;
    if (setsLogin(method, args) && faults.has('old-login')) return { Status: 0 } as T;
    if (!faults.strikes('wrong-fault')) return await perform();
    const code = wrongFaults[faults.int('wrong-fault', 0, wrongFaults.length - 1)] ?? 9002;
    throw new CwmpFault(code, `${method} is not possible at the moment`);
  }

  async install(
    transfer: Readonly<Transfer>,
    signal: AbortSignal,
    perform: () => Promise<InstallOutcome>,
  ): Promise<InstallOutcome> {
    const faults = this.#faults;
    const unit = this.#unit;
    if (isImage(transfer) && faults.strikes('power-commit')) {
      if (faults.int('power-commit', 0, 1) === 1) this.#doomed = new Set([...(this.#doomed ?? []), transfer.id]);
      else if (unit.cut()) return await untilAborted(signal);
    }
    if (faults.strikes('false-success')) return { status: 'applied' };
    const outcome = await perform();
    if (faults.strikes('false-fault')) {
      if (outcome.status === 'reboot') unit.rebootSoon();
      throw new CwmpFault(9010, 'Download failure');
    }
    if (outcome.status === 'reboot' && faults.strikes('old-version')) await unit.dropFirmware(transfer);
    return outcome;
  }

  async settled(transfer: Readonly<Transfer>, signal: AbortSignal): Promise<void> {
    if (this.#doomed?.delete(transfer.id) && this.#unit.cut()) await untilAborted(signal);
  }
}

/** The two steps of a connection request: `busy` is called once for each valid one, `requested` only when it is not busy. */
interface RequestHooks {
  busy: () => boolean;
  requested: () => void;
}

/** The fault `deaf`: a connection request is answered as busy, or accepted and forgotten. */
export function withDeafness(faults: UnitFaults, hooks: RequestHooks): RequestHooks {
  let forgets = false;
  return {
    busy: () => {
      forgets = false;
      if (!faults.strikes('deaf')) return hooks.busy();
      forgets = faults.int('deaf', 0, 1) === 1;
      return !forgets || hooks.busy();
    },
    requested: () => {
      if (!forgets) hooks.requested();
    },
  };
}

/** Time that a booting unit is without a clock, milliseconds; 0: it has the time at once. */
export const clocklessMs = (faults: UnitFaults): number =>
  faults.strikes('no-clock') ? faults.int('no-clock', 10_000, 600_000) : 0;
