// The schedule of retries after failed sessions (TR-069 3.2.1.1).
import type { Device } from '../state/device.ts';
import type { SessionReport } from './session/session.ts';
import { retryPolicy } from './settings.ts';
import { RETRY, type Timers } from './timers.ts';
import { retryWait } from './timing.ts';

/** Milliseconds between two looks at the unit's clock after a session that failed because it was not set. */
const CLOCK_POLL = 1000;
/** A timer of the host may run a little before its time, milliseconds. */
const EARLY = 10;

export class RetrySchedule {
  readonly #device: Device;
  readonly #timers: Timers;
  /** Failed sessions since the boot or the last good one: the n of the retry table. */
  #failures = 0;
  /** A session failed that was worth a retry, and none has ended well since. */
  #retrying = false;
  /** Monotonic milliseconds; undefined while no retry is due. */
  #at: number | undefined;
  /** The last session failed only because the unit's clock was not set. */
  #wantsClock = false;

  constructor(device: Device, timers: Timers) {
    this.#device = device;
    this.#timers = timers;
  }

  /** A session begins: it is the retry of all earlier ones. */
  cancel(): void {
    this.#in(undefined);
  }

  /** @param undelivered an event is left for which no session is wanted yet; it waits no longer than after a failed session */
  succeeded(undelivered: boolean): void {
    this.#failures = 0;
    this.#retrying = false;
    this.#wantsClock = false;
    this.#in(undelivered ? this.#wait(1) : undefined);
  }

  /** @param once no session follows this one */
  failed(report: SessionReport, once: boolean): void {
    const { facts } = this.#device.state;
    this.#failures++;
    this.#wantsClock = report.error?.code === 'clock-not-set';
    // A connection request alone is not worth a retry: the ACS will ask again (TR-069 3.7.1.5). The retry of a session that failed
    // after its events were delivered has none to report either, and continues until it succeeds (3.2.1.1).
    this.#retrying ||= report.informed || facts.events.length > 0 || facts.changed.length > 0;
    const asked = (report.error?.retryAfter ?? 0) * 1000;
    const wait = this.#retrying && !once ? Math.max(this.#wait(this.#failures), asked) : undefined;
    if (wait !== undefined)
      this.#device.log.info('CWMP session retry scheduled', { inSeconds: Math.round(wait / 1000) });
    this.#in(wait);
  }

  /** Its timer ended. @returns whether a session is wanted now */
  due(): boolean {
    const left = (this.#at ?? 0) - this.#device.clock.monotonic();
    if (left <= EARLY || !this.#isClockless()) return true;
    this.#in(left);
    return false;
  }

  #wait(n: number): number {
    return retryWait(n, retryPolicy(this.#device), this.#device.random);
  }

  #isClockless(): boolean {
    return this.#wantsClock && this.#device.now() === undefined;
  }

  /** Sets the end of the wait; where only the unit's clock was missing, the wait ends as soon as that is set. */
  #in(ms: number | undefined): void {
    this.#at = ms === undefined ? undefined : this.#device.clock.monotonic() + ms;
    this.#timers.set(RETRY, ms !== undefined && this.#isClockless() ? Math.min(ms, CLOCK_POLL) : ms);
  }
}
