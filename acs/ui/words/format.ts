// Numbers, counts, times and ages as the reader writes them.
import { language } from './spoken.ts';

const locales = { en: 'en-GB', de: 'de-AT' } as const;
/** Formats are costly to make: one of each kind and language is kept. */
const kept = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.PluralRules>();

function keep<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.PluralRules>(
  kind: string,
  make: (locale: string) => T,
): T {
  const locale = locales[language.value];
  const key = `${kind} ${locale}`;
  const known = (kept.get(key) as T | undefined) ?? make(locale);
  kept.set(key, known);
  return known;
}

/** With separators: 1,296. */
export const number = (value: number): string => keep('number', locale => new Intl.NumberFormat(locale)).format(value);

/** The form for a count, with `#` in place of the number: `plural(2, { one: '# device', other: '# devices' })`. */
export function plural(count: number, forms: { one: string; other: string }): string {
  const form = keep('plural', locale => new Intl.PluralRules(locale)).select(count) === 'one' ? forms.one : forms.other;
  return form.replaceAll('#', number(count));
}

/** A time that is none, as a device or a proxy may tell it, is a dash. */
function written(format: Intl.DateTimeFormat, at: number | string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? '–' : format.format(time);
}

/** The zone as a format takes it; one that the browser does not know is the reader's own. */
function zoned(zone: string | undefined): { timeZone?: string } {
  if (zone === undefined || zone === '') return {};
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch (error) {
    if (error instanceof RangeError) return {};
    throw error;
  }
  return { timeZone: zone };
}

/** Date and time of day, in the zone of the reader or the given one. @param at milliseconds, or ISO 8601 */
export function dateTime(at: number | string, zone?: string): string {
  const make = (locale: string): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, {
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
      hourCycle: 'h23',
      ...zoned(zone),
    });
  return written(keep(`dateTime ${zone ?? ''}`, make), at);
}

/** The time of day, with the name of its zone: 23:42 CET. @param at milliseconds, or ISO 8601 */
export function timeOfDay(at: number | string, zone?: string): string {
  const make = (locale: string): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, {
      ...{ hour: '2-digit', minute: '2-digit', timeZoneName: 'short' },
      hourCycle: 'h23',
      ...zoned(zone),
    });
  return written(keep(`timeOfDay ${zone ?? ''}`, make), at);
}

/** The time of day to the second, for what has just happened. @param at milliseconds, or ISO 8601 */
export function clockTime(at: number | string): string {
  const make = (locale: string): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  return written(keep('clockTime', make), at);
}

/** A duration as one number with its unit, the same in all languages: 8 s, 5 min, 3 h, 12 d. @param ms milliseconds */
export function span(ms: number): string {
  if (Number.isNaN(ms)) return '–';
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 120 * 60) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${number(Math.floor(seconds / 86_400))} d`;
}

/** 1.2 MB. @param value bytes */
export function bytes(value: number): string {
  if (value < 1000) return `${number(value)} B`;
  if (value < 1_000_000) return `${number(Math.round(value / 100) / 10)} KB`;
  return `${number(Math.round(value / 100_000) / 10)} MB`;
}

/** Day and month: 14 Oct. @param at milliseconds, or ISO 8601 */
export const day = (at: number | string): string =>
  written(
    keep('day', locale => new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })),
    at,
  );

/** The time of day alone: 23:42. @param at milliseconds, or ISO 8601 */
export function hourAndMinute(at: number | string, zone?: string): string {
  const make = (locale: string): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, {
      ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
      ...zoned(zone),
    });
  return written(keep(`hourAndMinute ${zone ?? ''}`, make), at);
}

/** A day in words: Friday, 27 November. @param at milliseconds, or ISO 8601 */
export function dayOf(at: number | string): string {
  const make = (locale: string): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
  return written(keep('dayOf', make), at);
}
