// The agent's appointments on the clock: periodic Informs, scheduled ones, retries, transfers, active notifications that must wait
// their turn, reboots that the ACS fixed. One timer for all of them: an idle unit keeps no more than that.
import type { Timer } from '../../shared/clock.ts';
import type { Device } from '../state/device.ts';
import { isTrue, managementServer } from './inform.ts';
import { parseTime, untilPeriodic } from './timing.ts';

/** What an appointment is for; the number is its place in the list. */
const PERIODIC = 0;
const SCHEDULED = 1;
const ACTIVE = 2;
const REBOOT = 3;
const RETRY = 4;
const TRANSFER = 5;

export interface TimerCalls {
  periodicDue(): void;
  /** At least one of facts.scheduled is due. */
  scheduledDue(): void;
  /** A delayed active notification may go out. */
  activeDue(): void;
  rebootDue(): void;
  retryDue(): void;
  transferDue(): void;
}

const never = Number.POSITIVE_INFINITY;
/** A timer of the host may run a little before its time, milliseconds. */
const EARLY = 2;

export class Timers {
  readonly #device: Device;
  readonly #calls: TimerCalls;
  /** When each is due, monotonic milliseconds. */
  readonly #at = [never, never, never, never, never, never];
  #timer: Timer | undefined;
  #armedFor = never;
  #stopped = false;
  /** Settings of the periodic Inform that its appointment was made by: milliseconds; 0 is off. */
  #interval = 0;
  #phase: number | undefined;
  #clockless = false;
  /** TR-181 PeriodicInformTime unknown: the unit picks its own phase, at random so that a fleet does not come at once. */
  #ownPhase = 0;
  /** Settings that the reboot's appointment was made by. */
  #reboot = '';

  constructor(device: Device, calls: TimerCalls) {
    this.#device = device;
    this.#calls = calls;
  }

  /** Reads settings and facts anew and sets what follows from them. */
  arm(): void {
    this.#armPeriodic();
    const times = this.#device.state.facts.scheduled.map(({ at }) => at);
    this.#in(SCHEDULED, times.length > 0 ? Math.min(...times) - this.#device.clock.now() : undefined);
  }

  /** TR-181 ManagementServer.ScheduleReboot and DelayReboot: to be called when no session runs, for both count from its end. */
  armReboot(): void {
    const delay = Number(managementServer(this.#device, 'DelayReboot', '-1'));
    const at = parseTime(managementServer(this.#device, 'ScheduleReboot'));
    const now = this.#device.now();
    const settings = delay < 0 && at === undefined ? '' : `${delay} ${at} ${now === undefined}`;
    if (settings === this.#reboot) return;
    this.#reboot = settings;
    // A time that has passed is no appointment.
    const waits = [
      delay >= 0 ? delay * 1000 : never,
      at !== undefined && now !== undefined && at > now ? at - now : never,
    ];
    this.#in(REBOOT, Math.min(...waits));
  }

  /** @param ms how long an active notification has to wait */
  delayActive(ms: number): void {
    this.#in(ACTIVE, ms);
  }

  /** @param ms until the next attempt at a session; undefined: none is due */
  retryIn(ms: number | undefined): void {
    this.#in(RETRY, ms);
  }

  /** @param ms until the transfers want to be looked at again; undefined: not by time */
  transferIn(ms: number | undefined): void {
    this.#in(TRANSFER, ms);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #armPeriodic(): void {
    const read = (name: string): string => managementServer(this.#device, `PeriodicInform${name}`);
    const wanted = isTrue(read('Enable')) ? Number(read('Interval')) * 1000 : 0;
    const interval = wanted >= 1000 ? wanted : 0;
    const phase = parseTime(read('Time'));
    const clockless = this.#device.now() === undefined;
    if (interval === this.#interval && phase === this.#phase && clockless === this.#clockless) return;
    this.#interval = interval;
    this.#phase = phase;
    this.#clockless = clockless;
    if (interval > 0) this.#ownPhase = this.#device.clock.monotonic() + this.#device.random.next() * interval;
    this.#in(PERIODIC, interval > 0 ? this.#untilPeriodic() : undefined);
  }

  #untilPeriodic(): number {
    const now = this.#device.now();
    if (now === undefined || this.#phase === undefined) {
      return untilPeriodic(this.#device.clock.monotonic(), this.#ownPhase, this.#interval);
    }
    return untilPeriodic(now, this.#phase, this.#interval);
  }

  #in(which: number, ms: number | undefined): void {
    this.#at[which] = ms === undefined || ms === never ? never : this.#device.clock.monotonic() + Math.max(0, ms);
    this.#settle();
  }

  #settle(): void {
    const first = Math.min(...this.#at);
    if (first === this.#armedFor || this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = first;
    if (first === never) return;
    this.#timer = this.#device.clock.after(first - this.#device.clock.monotonic(), () => this.#ring());
  }

  #ring(): void {
    this.#timer = undefined;
    this.#armedFor = never;
    const now = this.#device.clock.monotonic() + EARLY;
    for (const [which, at] of this.#at.entries()) {
      if (at > now || this.#stopped) continue;
      this.#at[which] = never;
      this.#due(which);
    }
    this.#settle();
  }

  #due(which: number): void {
    const calls = this.#calls;
    if (which === PERIODIC) {
      const wait = this.#untilPeriodic();
      // One that ran a little early must not run twice.
      this.#in(PERIODIC, wait < this.#interval / 10 ? wait + this.#interval : wait);
      calls.periodicDue();
    } else if (which === SCHEDULED) calls.scheduledDue();
    else if (which === ACTIVE) calls.activeDue();
    else if (which === REBOOT) calls.rebootDue();
    else if (which === RETRY) calls.retryDue();
    else calls.transferDue();
  }
}
