// The agent's appointments on the clock: periodic Informs, scheduled ones, and active notifications that must wait their turn.
import type { Timer } from '../../shared/clock.ts';
import type { Device } from '../state/device.ts';
import { isTrue, managementServer } from './inform.ts';
import { parseTime, untilPeriodic } from './timing.ts';

export interface TimerCalls {
  periodic: () => void;
  /** At least one of facts.scheduled is due. */
  scheduled: () => void;
  /** A delayed active notification may go out. */
  active: () => void;
}

export interface Timers {
  /** Reads settings and facts anew and sets what follows from them. */
  arm(): void;
  /** @param ms how long an active notification has to wait */
  delayActive(ms: number): void;
  stop(): void;
}

export function createTimers(device: Device, calls: TimerCalls): Timers {
  const { clock, random } = device;
  let periodic: Timer | undefined;
  let scheduled: Timer | undefined;
  let active: Timer | undefined;
  let settings = '';
  /** TR-181 PeriodicInformTime unknown: the unit picks its own phase, at random so that a fleet does not come at once. */
  let ownPhase = 0;

  /** @param fired the timer has just run: one that runs a little early must not run twice */
  const untilNext = (interval: number, fired: boolean): number => {
    const now = device.now();
    const phase = parseTime(managementServer(device, 'PeriodicInformTime'));
    const wait =
      now === undefined || phase === undefined
        ? untilPeriodic(clock.monotonic(), ownPhase, interval)
        : untilPeriodic(now, phase, interval);
    return fired && wait < interval / 10 ? wait + interval : wait;
  };

  const armPeriodic = (fired: boolean): void => {
    const names = ['PeriodicInformEnable', 'PeriodicInformInterval', 'PeriodicInformTime'] as const;
    const [enable, seconds, time] = names.map(name => managementServer(device, name));
    const read = `${enable} ${seconds} ${time} ${device.now() === undefined}`;
    if (read === settings && !fired) return;
    settings = read;
    periodic?.cancel();
    const interval = Number(seconds) * 1000;
    if (!isTrue(enable ?? '') || !(interval >= 1000)) return;
    if (!fired) ownPhase = clock.monotonic() + random.next() * interval;
    periodic = clock.after(untilNext(interval, fired), () => {
      calls.periodic();
      armPeriodic(true);
    });
  };

  const armScheduled = (): void => {
    scheduled?.cancel();
    const times = device.facts.scheduled.map(({ at }) => at);
    if (times.length === 0) return;
    scheduled = clock.after(Math.max(0, Math.min(...times) - clock.now()), calls.scheduled);
  };

  return {
    arm() {
      armPeriodic(false);
      armScheduled();
    },
    delayActive(ms) {
      active?.cancel();
      active = clock.after(ms, calls.active);
    },
    stop() {
      periodic?.cancel();
      scheduled?.cancel();
      active?.cancel();
    },
  };
}
