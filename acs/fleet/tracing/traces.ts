// Traces: the last sessions of chosen devices, message by message, with secrets masked by the caller. Kept in the memory of this process
// and bounded.
import type { Clock } from '../../../shared/clock.ts';
import { UserError } from '../../errors.ts';
import type { AcsEvents, EventBus } from '../../events.ts';
import type { TracedDevice, TracedMessage, TracedSession } from '../common/traced-session.ts';
import { DeviceTrace, type TraceBounds } from './device-trace.ts';

export interface TraceLimits extends TraceBounds {
  devices: number;
}

export const traceLimits: TraceLimits = {
  devices: 100,
  sessions: 10,
  messages: 1000,
  message: 256 * 1024,
  device: 1024 * 1024,
};

export class Traces {
  readonly #clock: Clock;
  readonly #limits: TraceLimits;
  readonly #devices = new Map<string, DeviceTrace>();
  readonly #unsubscribe: () => void;
  #active = 0;

  constructor({ clock, events }: { clock: Clock; events: EventBus }, limits = traceLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#unsubscribe = events.on('session', event => this.#end(event));
  }

  /**
   * Begins or pauses the trace of a device.
   * @param until it pauses by itself then
   * @throws UserError 409 beyond the limit
   */
  set(device: string, on: boolean, until?: number): void {
    const known = this.#devices.get(device);
    const { devices } = this.#limits;
    if (!known && on && this.#devices.size >= devices)
      throw new UserError(409, 'too-many-traces', `${devices} devices are traced already: stop one first`);
    const trace = known ?? new DeviceTrace();
    trace.set(on, until);
    if (on) this.#devices.set(device, trace);
    this.#active = this.watched().length;
  }

  /** Ends the trace of a device and forgets its sessions. */
  clear(device: string): void {
    this.#devices.delete(device);
    this.#active = this.watched().length;
  }

  isOn(device: string): boolean {
    return this.#devices.get(device)?.isRunning(this.#clock.now()) ?? false;
  }

  /** The devices that are traced now. */
  watched(): string[] {
    return [...this.#devices.keys()].filter(device => this.isOn(device));
  }

  /** Holds while no device is traced, so that no message need be looked at. */
  idle(): boolean {
    return this.#active === 0;
  }

  /** Adds a session of a traced device. */
  begin(device: string, address: string): TracedSession {
    const session: TracedSession = { started: this.#clock.now(), address, messages: [] };
    this.#devices.get(device)?.begin(session, this.#limits);
    return session;
  }

  add(device: string, session: TracedSession, message: TracedMessage): void {
    this.#devices.get(device)?.add(session, message, this.#limits);
  }

  of(device: string): TracedDevice {
    const trace = this.#devices.get(device);
    const until = trace?.endAfter(this.#clock.now());
    return { on: this.isOn(device), ...(until === undefined ? {} : { until }), sessions: trace?.sessions ?? [] };
  }

  stop(): void {
    this.#unsubscribe();
  }

  #end({ device, claim, outcome, error }: AcsEvents['session']): void {
    const session = this.#devices.get(device)?.sessions.findLast(({ ended }) => ended === undefined);
    if (session) Object.assign(session, { ended: this.#clock.now(), claim, outcome, ...(error ? { error } : {}) });
  }
}
