// Power cuts and unordered restarts of a unit: one at a time, each until the unit runs again.
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { FaultName } from '../faults/catalogue.ts';
import type { Power } from '../faults/network.ts';
import type { UnitFaults } from '../faults/unit-faults.ts';
import type { Gateway } from '../gateway.ts';

/** Time without power, milliseconds. */
const OUTAGE = { min: 2000, max: 120_000 };
/** Time from a false fault to the restart into the image that was installed all the same, milliseconds. */
const RESTART_DELAY = 30_000;

interface PowerOptions {
  gateway: () => Gateway;
  clock: Clock;
  log: Log;
  /** Ends waits for power to return. */
  stop: AbortSignal;
  powerFailed: () => void;
}

export class PowerFaults implements Power {
  readonly #faults: UnitFaults;
  readonly #options: PowerOptions;
  /** The power cut or restart that is under way. */
  #current: Promise<void> | undefined;

  constructor(faults: UnitFaults, options: PowerOptions) {
    this.#faults = faults;
    this.#options = options;
  }

  cut(): boolean {
    const { gateway, clock, stop, powerFailed } = this.#options;
    return this.#begin('power-idle', async () => {
      powerFailed();
      await gateway().powerOff();
      await clock.sleep(this.#faults.int('power-idle', OUTAGE.min, OUTAGE.max), stop);
      await gateway().boot();
    });
  }

  reboot(): boolean {
    const { device } = this.#options.gateway();
    return this.#begin('transfer-reboot', () => device.power.reboot({ reason: 'by itself' }));
  }

  rebootSoon(): void {
    this.#options.clock.after(RESTART_DELAY, () => this.reboot());
  }

  /** Resolves when no power cut and no restart is under way. */
  async settled(): Promise<void> {
    await this.#current;
  }

  /** @returns false when the unit has no power or restarts already */
  #begin(fault: FaultName, act: () => Promise<void>): boolean {
    const { log, stop } = this.#options;
    if (this.#current || stop.aborted) return false;
    this.#current = act()
      .catch((error: unknown) => {
        // The end of the fleet ends the wait for power too.
        if (!stop.aborted) log.error('simulated fault failed', { fault, reason: messageOf(error) });
      })
      .then(() => {
        this.#current = undefined;
      });
    return true;
  }
}
