// Faults of the protocol: a unit that says one thing and does another, answers with the wrong fault, or does not hear well.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { InstallOutcome } from '../state/device.ts';
import type { Transfer } from '../state/facts.ts';
import type { FaultHook } from '../state/fault-hook.ts';
import type { Dice } from './dice.ts';
import { untilAborted } from './network.ts';

/** What a liar needs of its unit. */
export interface Liar {
  /** Takes the power away. @returns false when it is gone already */
  cut(): boolean;
  /** Restarts a little later, unbidden. */
  rebootSoon(): void;
  /** Forgets an image that was taken, before it ever ran. */
  dropFirmware(transfer: Readonly<Transfer>): Promise<void>;
}

const IMAGE = '1 Firmware Upgrade Image';
/** Request denied, internal error, and a vendor's own. */
const wrongFaults = [9001, 9002, 9800] as const;

const isImage = (transfer: Readonly<Transfer>): boolean => transfer.args.FileType === IMAGE;

/** The conduct of a unit with faults; `honest` is what it would do without. A class, for there is one a unit. */
export class FaultyHook implements FaultHook {
  readonly #dice: Dice;
  readonly #liar: Liar;
  /** Transfers after whose commit power fails. */
  #doomed: Set<string> | undefined;

  constructor(dice: Dice, liar: Liar) {
    this.#dice = dice;
    this.#liar = liar;
  }

  async carryOut<T>(method: string, _args: Readonly<Record<string, unknown>>, honest: () => Promise<T>): Promise<T> {
    const dice = this.#dice;
    if (!dice.strikes('wrong-fault')) return await honest();
    const code = wrongFaults[dice.int('wrong-fault', 0, wrongFaults.length - 1)] ?? 9002;
    throw new CwmpFault(code, `${method} is not possible at the moment`);
  }

  async install(
    transfer: Readonly<Transfer>,
    signal: AbortSignal,
    honest: () => Promise<InstallOutcome>,
  ): Promise<InstallOutcome> {
    const dice = this.#dice;
    const liar = this.#liar;
    if (isImage(transfer) && dice.strikes('power-commit')) {
      if (dice.int('power-commit', 0, 1) === 1) this.#doomed = new Set([...(this.#doomed ?? []), transfer.id]);
      else if (liar.cut()) return await untilAborted(signal);
    }
    if (dice.strikes('false-success')) return { status: 'applied' };
    const outcome = await honest();
    if (dice.strikes('false-fault')) {
      if (outcome.status === 'reboot') liar.rebootSoon();
      throw new CwmpFault(9010, 'Download failure');
    }
    if (outcome.status === 'reboot' && dice.strikes('old-version')) await liar.dropFirmware(transfer);
    return outcome;
  }

  async settled(transfer: Readonly<Transfer>, signal: AbortSignal): Promise<void> {
    if (this.#doomed?.delete(transfer.id) && this.#liar.cut()) await untilAborted(signal);
  }
}

/** What a connection request meets: `busy` is asked once for each good one, and only then `requested` called. */
export interface Ears {
  busy: () => boolean;
  requested: () => void;
}

export function deafEars(dice: Dice, ears: Ears): Ears {
  let forgets = false;
  return {
    busy: () => {
      forgets = false;
      if (!dice.strikes('deaf')) return ears.busy();
      forgets = dice.int('deaf', 0, 1) === 1;
      return !forgets || ears.busy();
    },
    requested: () => {
      if (!forgets) ears.requested();
    },
  };
}

/** How long a unit that boots has no time, milliseconds; 0: it has it at once. */
export const clocklessMs = (dice: Dice): number =>
  dice.strikes('no-clock') ? dice.int('no-clock', 10_000, 600_000) : 0;
