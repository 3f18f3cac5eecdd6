// The times of periodic transfers: a period, and a time of day or a range of the day in which they may run.
import type { Random } from '../../../shared/clock.ts';
import { offsetIn } from '../../state/time-zone.ts';

const DAY = 86_400;

/** Seconds after local midnight; `to` is later than `from`, beyond a day where the range passes midnight. */
export interface TimeRange {
  from: number;
  to: number;
}

/** `hh[:mm[:ss]]`, or two of them with ` - ` between. @returns undefined for anything else */
export function readRange(text: string): TimeRange | undefined {
  const [first = '', second, ...rest] = text.split('-').map(part => part.trim());
  const from = readTime(first);
  if (from === undefined || rest.length > 0) return undefined;
  if (second === undefined) return { from, to: from };
  const to = readTime(second);
  if (to === undefined) return undefined;
  return { from, to: to < from ? to + DAY : to };
}

function readTime(text: string): number | undefined {
  const match = /^(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?$/.exec(text);
  const [hours, minutes, seconds] = [1, 2, 3].map(at => Number(match?.[at] ?? 0));
  if (!match || hours === undefined || minutes === undefined || seconds === undefined) return undefined;
  return hours < 24 && minutes < 60 && seconds < 60 ? hours * 3600 + minutes * 60 + seconds : undefined;
}

export interface Schedule {
  /** Milliseconds between transfers. */
  period: number;
  range: TimeRange | undefined;
  /** POSIX time zone; one that cannot be read counts as UTC. */
  zone: string;
}

/**
 * The time of the next transfer. The first of a schedule with a range is the next moment of it; later ones come a period
 * after the last, and are put off to the range where they lie outside. Within a range the moment is random.
 * @param now UTC, milliseconds @param isFirst no transfer of this schedule came before
 */
export function nextTransfer({ period, range, zone }: Schedule, now: number, isFirst: boolean, random: Random): number {
  if (!range) return now + period;
  const offset = (at: number): number => offsetIn(zone, at);
  const length = range.to - range.from;
  const isDaily = period >= DAY * 1000;
  // By days, the day counts and not the hour: half a day of slack keeps the random moments from drifting.
  const earliest = isFirst ? now : now + period - (isDaily ? (DAY / 2) * 1000 : 0);
  const local = earliest / 1000 + offset(earliest);
  const midnight = Math.floor(local / DAY) * DAY;
  for (let day = -1; day <= 2; day++) {
    const from = midnight + day * DAY + range.from;
    const to = from + length;
    if (to < local || (to === local && isFirst)) continue;
    if (!isFirst && !isDaily && local >= from) return earliest;
    const begin = Math.max(from, local);
    const at = begin + Math.floor(random.next() * (to - begin));
    // Local time becomes UTC by the offset that holds then.
    const guess = (at - offset(at * 1000)) * 1000;
    return Math.max(now + 1, (at - offset(guess)) * 1000);
  }
  return now + period;
}
