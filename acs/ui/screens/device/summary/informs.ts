// The last day of a device in half hours, as its events tell it: there, late, lost.
import type { PastEvent } from '../../../api/device/device.ts';

const HALF_HOUR_MS = 30 * 60_000;
const HALF_HOURS = 48;

/** `none`: before it was known. In the order of what counts more in a half hour. */
const states = ['none', 'done', 'late', 'lost'] as const;
export type HalfHour = (typeof states)[number];

export interface Day {
  /** The newest first. */
  events: readonly PastEvent[];
  now: number;
  /** Milliseconds since which the device is known. */
  since: number;
}

interface Change {
  time: number;
  state: HalfHour;
}

/** The oldest half hour first. */
export function dayOf({ events, now, since }: Day): HalfHour[] {
  const begin = now - HALF_HOURS * HALF_HOUR_MS;
  const half = Array.from({ length: HALF_HOURS }, (): HalfHour => 'none');
  const changes = changesOf(events, since);
  for (const [at, { time, state }] of changes.entries()) {
    const end = changes[at + 1]?.time ?? now;
    const first = Math.max(0, Math.floor((time - begin) / HALF_HOUR_MS));
    const last = Math.min(HALF_HOURS - 1, Math.floor((end - begin) / HALF_HOUR_MS));
    for (let each = first; each <= last; each++) half[each] = worse(half[each] ?? 'none', state);
  }
  return half;
}

const worse = (one: HalfHour, other: HalfHour): HalfHour => (states.indexOf(one) > states.indexOf(other) ? one : other);

/** A late device has been missing since its last Inform. */
function changesOf(events: readonly PastEvent[], since: number): Change[] {
  const changes: Change[] = [{ time: since, state: 'done' }];
  for (const { type, time, data } of [...events].reverse()) {
    if (type === 'back') changes.push({ time: Date.parse(time), state: 'done' });
    if (type === 'late') changes.push({ time: Date.parse(String(data.lastInform)) || Date.parse(time), state: 'late' });
    if (type === 'lost') changes.push({ time: Date.parse(time), state: 'lost' });
  }
  return changes;
}
