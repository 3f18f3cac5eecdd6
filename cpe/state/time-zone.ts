// POSIX time zones (`EST5EDT4,M3.2.0/02:00:00,M11.1.0/02:00:00`): reading them, and local time by them.

type Day =
  | { kind: 'week'; month: number; week: number; day: number }
  /** 1 to 365; 29 February is never counted. */
  | { kind: 'julian'; day: number }
  /** 0 to 365; 29 February is counted. */
  | { kind: 'yearDay'; day: number };

interface Rule {
  on: Day;
  /** Seconds after local midnight; negative or above a day for rules that lie beside it. */
  time: number;
}

interface Summer {
  offset: number;
  start: Rule;
  end: Rule;
}

interface Zone {
  /** Seconds east of Greenwich. */
  standard: number;
  summer?: Summer;
}

const zoneName = /^(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)/;
const clockTime = /^([+-]?)(\d{1,3})(?::(\d{1,2}))?(?::(\d{1,2}))?/;
/** Hours that an offset may have, and the time of a rule (RFC 8536 allows a week). */
const MAX_OFFSET = 24;
const MAX_RULE_TIME = 167;
const DAY = 86_400_000;

/** In North America since 2007: for a zone that names summer time without rules. */
const usualRules = ['M3.2.0', 'M11.1.0'] as const;

/** Reads `[+-]hh[:mm[:ss]]` from the front. @returns undefined where there is none, a text where it is wrong */
function seconds(text: string, most: number): { value: number; rest: string } | string | undefined {
  const match = clockTime.exec(text);
  if (!match) return undefined;
  const [whole, sign, hours = '0', minutes = '0', rest = '0'] = match;
  if (Number(hours) > most) return `"${whole}" has more than ${most} hours`;
  if (Number(minutes) > 59 || Number(rest) > 59) return `"${whole}" has more than 59 minutes or seconds`;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
  return { value: sign === '-' ? -size : size, rest: text.slice(whole.length) };
}

const within = (text: string, least: number, most: number): boolean => Number(text) >= least && Number(text) <= most;

function dayOf(text: string): Day | undefined {
  const week = /^M(\d{1,2})\.(\d)\.(\d)$/.exec(text);
  if (week) {
    const [, month = '', nth = '', day = ''] = week;
    if (!within(month, 1, 12) || !within(nth, 1, 5) || !within(day, 0, 6)) return undefined;
    return { kind: 'week', month: Number(month), week: Number(nth), day: Number(day) };
  }
  const [, letter, number = ''] = /^(J?)(\d{1,3})$/.exec(text) ?? [];
  if (letter === 'J' && within(number, 1, 365)) return { kind: 'julian', day: Number(number) };
  return letter === '' && within(number, 0, 365) ? { kind: 'yearDay', day: Number(number) } : undefined;
}

function ruleOf(text: string): Rule | string {
  const at = text.indexOf('/');
  const on = dayOf(at < 0 ? text : text.slice(0, at));
  if (!on) return `"${text}" is no rule: Mmonth.week.day, Jday or day, then /time`;
  if (at < 0) return { on, time: 7200 };
  const time = seconds(text.slice(at + 1), MAX_RULE_TIME);
  if (typeof time === 'string') return time;
  return time?.rest === '' ? { on, time: time.value } : `"${text}" has no time after the /`;
}

/**
 * Reads POSIX.1 TZ: `std offset [dst [offset] [,start[/time],end[/time]]]`, where an offset counts west of Greenwich.
 * An empty text, `UTC` and `GMT` are Greenwich's time.
 * @returns a text that says what is wrong
 */
export function readZone(text: string): Zone | string {
  if (text === '' || text === 'UTC' || text === 'GMT') return { standard: 0 };
  const [names = '', ...rules] = text.split(',');
  const name = zoneName.exec(names)?.[0];
  if (name === undefined) return 'it begins with no name of three letters or more, such as EST';
  const standard = seconds(names.slice(name.length), MAX_OFFSET);
  if (standard === undefined) return `after ${name} there is no number of hours west of Greenwich, such as ${name}5`;
  if (typeof standard === 'string') return standard;
  if (standard.rest === '') {
    return rules.length === 0 ? { standard: -standard.value } : 'it has rules, but no name of summer time';
  }
  const summer = summerOf(standard.rest, standard.value, rules);
  return typeof summer === 'string' ? summer : { standard: -standard.value, summer };
}

function summerOf(text: string, standard: number, rules: readonly string[]): Summer | string {
  const name = zoneName.exec(text)?.[0];
  if (name === undefined) return `"${text}" is no name of summer time`;
  const tail = text.slice(name.length);
  const offset = tail === '' ? { value: standard - 3600, rest: '' } : seconds(tail, MAX_OFFSET);
  if (typeof offset === 'string') return offset;
  if (offset?.rest !== '') return `"${tail}" is no number of hours`;
  const [first, last, ...more] = rules.length === 0 ? usualRules : rules;
  if (first === undefined || last === undefined || more.length > 0) {
    return 'summer time has two rules, its start and its end';
  }
  const [start, end] = [ruleOf(first), ruleOf(last)];
  if (typeof start === 'string') return start;
  return typeof end === 'string' ? end : { offset: -offset.value, start, end };
}

/** Midnight of the day on which a rule falls in a year, local wall time read as UTC. */
function midnightOf(on: Day, year: number): number {
  const first = Date.UTC(year, 0, 1);
  if (on.kind === 'yearDay') return first + on.day * DAY;
  if (on.kind === 'julian') {
    const isLeap = new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1;
    return first + (on.day - (isLeap && on.day >= 60 ? 0 : 1)) * DAY;
  }
  const weekday = new Date(Date.UTC(year, on.month - 1, 1)).getUTCDay();
  const last = new Date(Date.UTC(year, on.month, 0)).getUTCDate();
  let date = 1 + ((on.day - weekday + 7) % 7) + (on.week - 1) * 7;
  if (date > last) date -= 7;
  return Date.UTC(year, on.month - 1, date);
}

/** @returns seconds east of Greenwich at an instant */
function offsetAt({ standard, summer }: Zone, now: number): number {
  if (!summer) return standard;
  const { start, end, offset } = summer;
  const year = new Date(now).getUTCFullYear();
  // The last change before the instant counts; a rule of the year before or after can fall into this one.
  const changes = [year - 1, year, year + 1].flatMap(each => [
    { at: midnightOf(end.on, each) + (end.time - offset) * 1000, offset: standard },
    { at: midnightOf(start.on, each) + (start.time - standard) * 1000, offset },
  ]);
  let current = { at: Number.NEGATIVE_INFINITY, offset: standard };
  for (const change of changes) if (change.at <= now && change.at >= current.at) current = change;
  return current.offset;
}

/** Seconds east of Greenwich by a zone as text; one that cannot be read counts as UTC. */
export function offsetIn(zone: string, now: number): number {
  const known = readZone(zone);
  return typeof known === 'string' ? 0 : offsetAt(known, now);
}
