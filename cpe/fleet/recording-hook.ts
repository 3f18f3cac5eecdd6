// The fault hook of a fleet's unit: carries out orders as the unit's faults have it, and records what really happened.
import type { FaultyHook, FaultyUnit } from '../faults/protocol-faults.ts';
import type { Gateway } from '../gateway.ts';
import type { InstallOutcome } from '../state/device.ts';
import type { Transfer } from '../state/facts.ts';
import type { FaultHook } from '../state/fault-hook.ts';
import type { PowerFaults } from './power-faults.ts';
import type { UnitRecord } from './unit-record.ts';

/** The unit that acts on orders. */
interface RecordedUnit {
  readonly gateway: Gateway;
}

export class RecordingHook implements FaultHook, FaultyUnit {
  readonly #record: UnitRecord;
  readonly #power: PowerFaults;
  readonly #unit: RecordedUnit;
  readonly #faulty: FaultyHook;

  /** @param faulty the hook that acts on this unit */
  constructor(parts: {
    record: UnitRecord;
    power: PowerFaults;
    unit: RecordedUnit;
    faulty: (unit: FaultyUnit) => FaultyHook;
  }) {
    this.#record = parts.record;
    this.#power = parts.power;
    this.#unit = parts.unit;
    this.#faulty = parts.faulty(this);
  }

  cut(): boolean {
    return this.#power.cut();
  }

  rebootSoon(): void {
    this.#power.rebootSoon();
  }

  dropFirmware(transfer: Readonly<Transfer>): Promise<void> {
    this.#record.dropped(transfer);
    return this.#unit.gateway.device.state.remember(facts => {
      delete facts.pendingFirmware;
    });
  }

  carryOut<T>(method: string, args: Readonly<Record<string, unknown>>, perform: () => Promise<T>): Promise<T> {
    return this.#faulty.carryOut(method, args, async () => {
      const result = await perform();
      this.#record.ordered(method, args);
      return result;
    });
  }

  install(
    transfer: Readonly<Transfer>,
    signal: AbortSignal,
    perform: () => Promise<InstallOutcome>,
  ): Promise<InstallOutcome> {
    return this.#faulty.install(transfer, signal, async () => {
      const outcome = await perform();
      const version = this.#unit.gateway.device.state.unitFacts.pendingFirmware?.version;
      this.#record.installed(transfer, outcome.status === 'reboot' ? version : undefined);
      return outcome;
    });
  }

  settled(transfer: Readonly<Transfer>, signal: AbortSignal, fault: number): Promise<void> {
    this.#record.settled(transfer, fault);
    return this.#faulty.settled(transfer, signal);
  }
}
