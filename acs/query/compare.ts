// Comparison of one text with one literal of the filter language: the same code behind the predicate and behind SQL.
import { versionKey } from './version-key.ts';

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A literal as it is compared. `time` with `now`: milliseconds after the time of the query. */
export type Literal =
  | { as: 'text' | 'version'; text: string }
  | { as: 'number'; number: number }
  | { as: 'flag'; flag: boolean }
  | { as: 'time'; at: number }
  | { as: 'time'; now: number };

/** The text of a literal; '' for one that is none. */
export const literalText = (value: Literal): string => ('text' in value ? value.text : '');

/** ISO 8601 text as milliseconds, also with a blank for the `T` as some devices write it; without a zone it is UTC. */
export function isoTime(written: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(written)) return undefined;
  const text = written.replace(' ', 'T');
  const at = Date.parse(/T.*(Z|[+-]\d\d:\d\d)$/.test(text) ? text : text.includes('T') ? `${text}Z` : text);
  return Number.isNaN(at) ? undefined : at;
}

/** Byte order of UTF-8, which databases use (JavaScript's own order differs beyond U+FFFF). */
const orderTexts = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)));

/**
 * The order of a text and a literal: negative, 0 or positive; undefined when the two do not compare.
 * @param now milliseconds, for literals relative to it
 */
export function orderOf(text: string, value: Literal, now: number): number | undefined {
  switch (value.as) {
    case 'text':
      return orderTexts(text, value.text);
    case 'version': {
      const key = versionKey(text);
      return key === '' ? undefined : orderTexts(key, versionKey(value.text));
    }
    case 'number':
      return /^\s*[+-]?\d+(\.\d+)?\s*$/.test(text) ? Number(text) - value.number : undefined;
    case 'flag': {
      const word = text.trim().toLowerCase();
      const flag = word === '1' || word === 'true' ? true : word === '0' || word === 'false' ? false : undefined;
      return flag === undefined ? undefined : flag === value.flag ? 0 : 1;
    }
    case 'time': {
      const at = isoTime(text);
      return at === undefined ? undefined : at - timeAt(value, now);
    }
  }
}

export const timeAt = (value: Extract<Literal, { as: 'time' }>, now: number): number =>
  'at' in value ? value.at : now + value.now;

/** Matches a text: `%` is any run, `_` any character, a backslash makes the next character literal; case does not count. */
export function isLike(text: string, pattern: string): boolean {
  const chars = [...text.toLowerCase()];
  const wanted = likeParts(pattern.toLowerCase());
  let at = 0;
  let step = 0;
  let star = -1;
  let mark = 0;
  // Greedy, with one step back to the last `%`: never more steps than text × pattern.
  while (at < chars.length) {
    const part = wanted[step];
    if (part === anyRun) {
      star = step++;
      mark = at;
    } else if (part !== undefined && (part === anyOne || part === chars[at])) {
      step++;
      at++;
    } else if (star >= 0) {
      step = star + 1;
      at = ++mark;
    } else return false;
  }
  while (wanted[step] === anyRun) step++;
  return step === wanted.length;
}

export const anyRun = Symbol('%');
const anyOne = Symbol('_');

/** A pattern as characters and the two wildcards. */
export function likeParts(pattern: string): (string | symbol)[] {
  const parts: (string | symbol)[] = [];
  const chars = [...pattern];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (char === '%') parts.push(anyRun);
    else if (char === '_') parts.push(anyOne);
    else if (char === '\\' && at + 1 < chars.length) parts.push(chars[++at]!);
    else parts.push(char);
  }
  return parts;
}

/** Tests an order (see orderOf); an undefined one passes only `!=`. */
export function holds(order: number | undefined, test: Operator): boolean {
  if (test === '!=') return !holds(order, '=');
  if (order === undefined) return false;
  if (test === '=') return order === 0;
  if (test === '<') return order < 0;
  if (test === '<=') return order <= 0;
  return test === '>' ? order > 0 : order >= 0;
}
