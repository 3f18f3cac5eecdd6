// The clock of a daily window: open or closed in its time zone, and for how long yet.
import type { JobDetail } from '../../api/jobs.ts';

type Window = NonNullable<JobDetail['window']>;

const names: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY = 24 * 60;

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

/** Minutes since midnight, and the day from Monday as 0, in the zone. */
function localTime(zone: string, at: number): { minutes: number; day: number } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    ...{ weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    minutes: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    day: names.indexOf(String(parts.get('weekday')).toLowerCase()),
  };
}

export interface WindowState {
  isOpen: boolean;
  /** Milliseconds until it closes or opens, to the minute. */
  left: number;
}

/** A change to or from summer time within the time that is left is not seen. */
export function windowState({ from, to, days }: Window, zone: string, at: number): WindowState {
  const { minutes, day } = localTime(zone, at);
  const [start, end] = [minutesOf(from), minutesOf(to)];
  const length = (end - start + DAY) % DAY || DAY;
  const since = (minutes - start + DAY) % DAY;
  const isOn = (one: number): boolean => (days ?? names).some(name => name === names[(one + 7) % 7]);
  const began = minutes >= start ? day : day - 1;
  if (since < length && isOn(began)) return { isOpen: true, left: (length - since) * 60_000 };
  const today = start - minutes;
  const wait = Array.from({ length: 8 }, (_, ahead) => ahead).find(
    ahead => today + ahead * DAY > 0 && isOn(day + ahead),
  );
  return { isOpen: false, left: (today + (wait ?? 0) * DAY) * 60_000 };
}
