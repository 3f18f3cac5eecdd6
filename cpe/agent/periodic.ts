// The appointment of periodic Informs (TR-181 ManagementServer.PeriodicInform…).
import type { Device } from '../state/device.ts';
import { isTrue, managementServer } from './settings.ts';
import { parseTime, untilPeriodic } from './timing.ts';

export class PeriodicInforms {
  readonly #device: Device;
  /** Settings that the appointment was made by: milliseconds; 0 is off. */
  #interval = 0;
  #phase: number | undefined;
  #clockless = false;
  /** PeriodicInformTime unknown: the unit picks its own phase, at random so that a fleet does not come at once. */
  #ownPhase = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  /** Reads the settings. @returns whether the appointment has to be made again */
  update(): boolean {
    const { clock, random } = this.#device;
    const read = (name: string): string => managementServer(this.#device, `PeriodicInform${name}`);
    const seconds = isTrue(read('Enable')) ? Number(read('Interval')) : 0;
    const interval = seconds >= 1 ? seconds * 1000 : 0;
    const phase = parseTime(read('Time'));
    const clockless = this.#device.now() === undefined;
    if (interval === this.#interval && phase === this.#phase && clockless === this.#clockless) return false;
    this.#interval = interval;
    this.#phase = phase;
    this.#clockless = clockless;
    if (interval > 0) this.#ownPhase = clock.monotonic() + random.next() * interval;
    return true;
  }

  /** Milliseconds until the next Inform; undefined when there is none. */
  get wait(): number | undefined {
    if (this.#interval === 0) return undefined;
    const now = this.#device.now();
    if (now === undefined || this.#phase === undefined) {
      return untilPeriodic(this.#device.clock.monotonic(), this.#ownPhase, this.#interval);
    }
    return untilPeriodic(now, this.#phase, this.#interval);
  }

  /** Milliseconds from an Inform that is due now to the next one: one that ran a little early must not run twice. */
  get waitAgain(): number | undefined {
    const { wait } = this;
    return wait !== undefined && wait < this.#interval / 10 ? wait + this.#interval : wait;
  }
}
