// Local time as CWMP writes it, for Inform's CurrentTime.
import { offsetIn } from '../state/time-zone.ts';

/**
 * TR-069 A.3.3.1 CurrentTime: the unit's local time with its offset.
 * @param zone POSIX time zone; one that cannot be read counts as UTC
 */
export function localTime(now: number, zone: string): string {
  const offset = Math.trunc(offsetIn(zone, now) / 60);
  const local = new Date(now + offset * 60_000).toISOString().slice(0, 19);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
}
