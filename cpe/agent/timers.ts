// The agent's appointments on the clock. One timer serves all of them: an idle unit keeps no more than that.
import type { Timer } from '../../shared/clock.ts';
import type { Device } from '../state/device.ts';
import { PeriodicInforms } from './periodic.ts';
import { managementServer } from './settings.ts';
import { parseTime } from './timing.ts';

/** The purpose of an appointment; the number is its place in the list. */
export type Appointment = 0 | 1 | 2 | 3 | 4 | 5;
export const PERIODIC = 0;
/** At least one of facts.scheduled. */
export const SCHEDULED = 1;
/** A delayed active notification. */
export const ACTIVE = 2;
/** TR-181 ScheduleReboot or DelayReboot. */
export const REBOOT = 3;
export const RETRY = 4;
export const TRANSFER = 5;

export interface TimerHost {
  readonly device: Device;
  due(appointment: Appointment): void;
}

/** Appointments of sessions. */
const resting: readonly Appointment[] = [PERIODIC, SCHEDULED, ACTIVE, RETRY];
const isStopped = (device: Device): boolean => device.isStopped('Cwmp');

const never = Number.POSITIVE_INFINITY;
/** A timer of the host may run a little before its time, milliseconds. */
const EARLY = 2;

export class Timers {
  readonly #host: TimerHost;
  readonly #periodic: PeriodicInforms;
  /** The time of each, monotonic milliseconds. */
  readonly #at = [never, never, never, never, never, never];
  #timer: Timer | undefined;
  #armedFor = never;
  #stopped = false;
  /** Settings that the reboot's appointment was made by. */
  #reboot = '';

  constructor(host: TimerHost) {
    this.#host = host;
    this.#periodic = new PeriodicInforms(host.device);
  }

  /** Reads settings and facts again and sets what follows from them. */
  arm(): void {
    const { state, clock } = this.#host.device;
    if (this.#periodic.update()) this.set(PERIODIC, this.#periodic.wait);
    const times = state.facts.scheduled.map(({ at }) => at);
    this.set(SCHEDULED, times.length > 0 ? Math.min(...times) - clock.now() : undefined);
  }

  /** TR-181 ManagementServer.ScheduleReboot and DelayReboot: to be called when no session runs, for both count from its end. */
  armReboot(): void {
    const { settings, wait } = rebootSettings(this.#host.device);
    if (settings === this.#reboot) return;
    this.#reboot = settings;
    this.set(REBOOT, wait);
  }

  /** CWMP starts again. */
  resume(): void {
    this.#periodic.update();
    this.set(PERIODIC, this.#periodic.wait);
    this.arm();
  }

  /** @param ms until the appointment; undefined: there is none */
  set(appointment: Appointment, ms: number | undefined): void {
    const { clock } = this.#host.device;
    const isNever = ms === undefined || ms === never || (resting.includes(appointment) && isStopped(this.#host.device));
    this.#at[appointment] = isNever ? never : clock.monotonic() + Math.max(0, ms);
    this.#settle();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #settle(): void {
    const first = Math.min(...this.#at);
    if (first === this.#armedFor || this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = first;
    if (first === never) return;
    const { clock } = this.#host.device;
    this.#timer = clock.after(first - clock.monotonic(), () => this.#ring());
  }

  #ring(): void {
    this.#timer = undefined;
    this.#armedFor = never;
    const now = this.#host.device.clock.monotonic() + EARLY;
    for (const [which, at] of this.#at.entries()) {
      if (at > now || this.#stopped) continue;
      this.#at[which] = never;
      if (which === PERIODIC) this.set(PERIODIC, this.#periodic.waitAgain);
      this.#host.due(which as Appointment);
    }
    this.#settle();
  }
}

/** CWMP rests: only a restart of the unit and transfers keep their time. */
export function restTimers(timers: Timers): void {
  for (const appointment of resting) timers.set(appointment, undefined);
}

function rebootSettings(device: Device): { settings: string; wait: number } {
  const delay = Number(managementServer(device, 'DelayReboot', '-1'));
  const at = parseTime(managementServer(device, 'ScheduleReboot'));
  const now = device.now();
  const settings = delay < 0 && at === undefined ? '' : `${delay} ${at} ${now === undefined}`;
  // A time that has passed is no appointment.
  const untilTime = at !== undefined && now !== undefined && at > now ? at - now : never;
  return { settings, wait: Math.min(delay >= 0 ? delay * 1000 : never, untilTime) };
}
