// Daily time windows in the time of a zone (IANA names, by Intl), when firmware may be flashed, and times before which nothing is to begin.
import { UserError } from '../../errors.ts';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

export interface Window {
  /** HH:MM. A window that ends before it begins lasts over midnight, one that ends when it begins lasts the whole day. */
  from: string;
  to: string;
  /** Days on which it begins; all by default. */
  days?: Weekday[];
}

const MINUTE = 60_000;
const DAY_MINUTES = 24 * 60;

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a zone that is not known */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(zone, made);
  return made;
}

export function isZone(zone: string): boolean {
  if (!/^[A-Za-z][\w+/-]{0,63}$/.test(zone)) return false;
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** @returns minutes since midnight and the day of the week, in the zone */
function localTime(zone: string, now: number): { minutes: number; day: number } {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  );
  return {
    minutes: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    day: weekdays.indexOf(String(parts.get('weekday')).toLowerCase() as Weekday),
  };
}

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
/** @returns a difference of times of day, from -12 h to +12 h */
const onFace = (minutes: number): number => ((minutes + 1.5 * DAY_MINUTES) % DAY_MINUTES) - DAY_MINUTES / 2;

/** @returns when the window that is open now closes, milliseconds; undefined while it is closed */
export function openUntil({ from, to, days }: Window, zone: string, now: number): number | undefined {
  const { minutes, day } = localTime(zone, now);
  const [start, end] = [minutesOf(from), minutesOf(to)];
  const length = (end - start + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
  const since = (minutes - start + DAY_MINUTES) % DAY_MINUTES;
  if (since >= length) return undefined;
  const began = weekdays[minutes >= start ? day : (day + 6) % 7];
  if (days && began && !days.includes(began)) return undefined;
  const closes = now - (now % MINUTE) + (length - since) * MINUTE;
  // A change to or from daylight saving time in between makes the window longer or shorter.
  const off = onFace(end - localTime(zone, closes).minutes);
  return off === 0 ? closes : Math.max(now + 1, closes + off * MINUTE);
}

/** @throws UserError 400 */
export function checkWindow({ from, to, days }: Window): void {
  for (const [name, text] of Object.entries({ from, to }))
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(text))
      throw new UserError(400, 'bad-window', `window: ${name}: '${text}' is not HH:MM`);
  if (days?.length === 0) throw new UserError(400, 'bad-window', 'window: days: none is never');
}

/** @throws UserError 400 */
export function checkZone(place: string, zone: string): void {
  if (!isZone(zone))
    throw new UserError(400, 'unknown-time-zone', `${place}: '${zone}' is not a time zone such as Europe/Vienna`);
}

/** The furthest time before which something may not begin. */
const MOST_MS = 366 * 24 * 3_600_000;

/** @param place names the text in errors @returns milliseconds @throws UserError 400 `bad-time` */
export function laterTime(place: string, text: string, now: number): number {
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new UserError(400, 'bad-time', `${place}: '${text}' is not a time such as 2026-01-31T12:00:00Z`);
  if (at > now + MOST_MS) throw new UserError(400, 'bad-time', `${place}: '${text}' is more than a year away`);
  return at;
}
