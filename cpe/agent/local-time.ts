// Local time of the unit from its POSIX time zone (`EST5EDT4,M3.2.0/02:00:00,M11.1.0/02:00:00`), for Inform's CurrentTime.

interface Rule {
  month: number;
  week: number;
  day: number;
  /** Seconds after local midnight. */
  time: number;
}

interface Zone {
  /** Seconds east of Greenwich. */
  standard: number;
  summer?: { offset: number; start: Rule; end: Rule };
}

const clockTime = /^([+-]?)(\d{1,3})(?::(\d\d))?(?::(\d\d))?/;
const zoneName = /^(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)/;

/** Reads `[+-]hh[:mm[:ss]]` from the front. */
function seconds(text: string): { value: number; rest: string } | undefined {
  const match = clockTime.exec(text);
  if (!match) return undefined;
  const size = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  return { value: match[1] === '-' ? -size : size, rest: text.slice(match[0].length) };
}

function rule(text: string): Rule | undefined {
  const match = /^M(\d{1,2})\.([1-5])\.([0-6])(?:\/(.+))?$/.exec(text);
  if (!match) return undefined;
  const time = match[4] === undefined ? 7200 : seconds(match[4])?.value;
  const month = Number(match[1]);
  if (time === undefined || month < 1 || month > 12) return undefined;
  return { month, week: Number(match[2]), day: Number(match[3]), time };
}

/** POSIX.1 TZ with `Mm.w.d` rules; anything else is undefined. POSIX counts offsets west of Greenwich. */
export function parseZone(text: string): Zone | undefined {
  const [names = '', first, last] = text.trim().split(',');
  const name = zoneName.exec(names);
  const standard = name && seconds(names.slice(name[0].length));
  if (!standard) return undefined;
  const summerName = zoneName.exec(standard.rest);
  if (!summerName) return standard.rest === '' ? { standard: -standard.value } : undefined;
  const tail = standard.rest.slice(summerName[0].length);
  const summer = tail === '' ? { value: standard.value - 3600 } : seconds(tail);
  const start = rule(first ?? '');
  const end = rule(last ?? '');
  if (!summer || !start || !end) return undefined;
  return { standard: -standard.value, summer: { offset: -summer.value, start, end } };
}

/** The instant, in milliseconds of local wall time read as UTC, at which a rule falls in a year. */
function falls({ month, week, day, time }: Rule, year: number): number {
  const firstOfMonth = Date.UTC(year, month - 1, 1);
  const weekday = new Date(firstOfMonth).getUTCDay();
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  let date = 1 + ((day - weekday + 7) % 7) + (week - 1) * 7;
  if (date > last) date -= 7;
  return Date.UTC(year, month - 1, date) + time * 1000;
}

/** @returns seconds east of Greenwich at an instant */
export function offsetAt(zone: Zone, now: number): number {
  if (!zone.summer) return zone.standard;
  const year = new Date(now + zone.standard * 1000).getUTCFullYear();
  const start = falls(zone.summer.start, year) - zone.standard * 1000;
  const end = falls(zone.summer.end, year) - zone.summer.offset * 1000;
  const inSummer = start < end ? now >= start && now < end : now >= start || now < end;
  return inSummer ? zone.summer.offset : zone.standard;
}

/**
 * TR-069 A.3.3.1 CurrentTime: the unit's local time with its offset.
 * @param zone POSIX time zone; one that cannot be read counts as UTC
 */
export function localTime(now: number, zone: string): string {
  const known = parseZone(zone);
  const offset = Math.trunc((known ? offsetAt(known, now) : 0) / 60);
  const local = new Date(now + offset * 60_000).toISOString().slice(0, 19);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
}
