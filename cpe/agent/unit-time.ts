// Times of the unit's own clock as CWMP writes them.
import type { Device } from '../state/device.ts';
import { localTime } from './local-time.ts';
import { valueOr } from './settings.ts';
import { unknownTime } from './timing.ts';

/** TR-069 A.3.3.1: local time with its offset; the Unknown Time while the clock is not set. */
export function currentTime(device: Device): string {
  const now = device.now();
  if (now === undefined) return unknownTime;
  const zone =
    device.config.variable('Hoc.StaticTimeZone') ?? valueOr(device, `${device.model.root}Time.LocalTimeZone`);
  return localTime(now, zone);
}

/** UTC, for the times of transfers; the Unknown Time while the clock is not set. */
export function utcTime(device: Device): string {
  const now = device.now();
  return now === undefined ? unknownTime : `${new Date(now).toISOString().slice(0, 19)}Z`;
}
