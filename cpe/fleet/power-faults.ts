// Power cuts and unordered restarts of a unit: one at a time, each until the unit runs again.
import { messageOf } from '../../shared/errors.ts';
import type { FaultName } from '../faults/catalogue.ts';
import type { Power } from '../faults/network.ts';
import type { UnitFaults } from '../faults/unit-faults.ts';
import type { Gateway } from '../gateway.ts';

/** Time without power, milliseconds. */
const OUTAGE = { min: 2000, max: 120_000 };
/** Time from a false fault to the restart into the image that was installed all the same, milliseconds. */
const RESTART_DELAY = 30_000;

/** The unit whose power fails. */
export interface PoweredUnit {
  readonly gateway: Gateway;
  /** Ends waits for power to return. */
  readonly stop: AbortSignal;
  powerFailed(): void;
}

export class PowerFaults implements Power {
  readonly #faults: UnitFaults;
  readonly #unit: PoweredUnit;
  /** The power cut or restart that is under way. */
  #current: Promise<void> | undefined;

  constructor(faults: UnitFaults, unit: PoweredUnit) {
    this.#faults = faults;
    this.#unit = unit;
  }

  cut(): boolean {
    return this.#begin('power-idle', async () => {
      const { gateway, stop } = this.#unit;
      this.#unit.powerFailed();
      await gateway.powerOff();
      await gateway.device.clock.sleep(this.#faults.int('power-idle', OUTAGE.min, OUTAGE.max), stop);
      await gateway.boot();
    });
  }

  reboot(): boolean {
    const { device } = this.#unit.gateway;
    return this.#begin('transfer-reboot', () => device.power.reboot({ reason: 'by itself' }));
  }

  rebootSoon(): void {
    this.#unit.gateway.device.clock.after(RESTART_DELAY, () => this.reboot());
  }

  /** Resolves when no power cut and no restart is under way. */
  async settled(): Promise<void> {
    await this.#current;
  }

  /** @returns false when the unit has no power or restarts already */
  #begin(fault: FaultName, act: () => Promise<void>): boolean {
    const { gateway, stop } = this.#unit;
    if (this.#current || stop.aborted) return false;
    this.#current = act()
      .catch((error: unknown) => {
        // The end of the fleet ends the wait for power too.
        if (!stop.aborted) gateway.device.log.error('simulated fault failed', { fault, reason: messageOf(error) });
      })
      .then(() => {
        this.#current = undefined;
      });
    return true;
  }
}
