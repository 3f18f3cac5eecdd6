// Filters as texts: read by the parser of the server, coloured, and changed part by part, as facets and cells write them.
import { everyDevice, fields } from '../../query/filter.ts';
import { type Token, tokenize } from '../../query/lexer.ts';
import { parseFilter } from '../../query/parser.ts';
import { quotedText } from '../../query/quote.ts';

/** A text that was typed, as a filter. `words` are plain words, which are looked for. */
export type Reading =
  | { kind: 'empty' | 'filter' | 'words'; filter: string }
  | { kind: 'wrong'; message: string; column: number };

const signs = /[=<>!"'(),]/;
const operators = /\b(?:and|or|not|in|like|exists)\b/i;

/** @throws what the parser throws. Presets and jobs are looked up by the server. */
const parse = (text: string): unknown => parseFilter(text, () => everyDevice);

export function readFilter(text: string): Reading {
  if (text.trim() === '') return { kind: 'empty', filter: '' };
  try {
    parse(text);
    return { kind: 'filter', filter: text.trim() };
  } catch (error) {
    if (!signs.test(text) && !operators.test(text)) {
      const words = text.trim().split(/\s+/);
      return { kind: 'words', filter: words.map(word => `find ${quotedText(word)}`).join(' and ') };
    }
    const { message, detail } = error as { message: string; detail?: { column?: number } };
    return { kind: 'wrong', message: message.replace(/ \(column \d+\)$/, ''), column: detail?.column ?? 1 };
  }
}

/** The filter that a text stands for; '' for none, and for a text that cannot be read. */
export function filterOf(text: string): string {
  const reading = readFilter(text);
  return reading.kind === 'wrong' ? '' : reading.filter;
}

const functions = ['and', 'or', 'not', 'search', 'find', 'preset', 'job', 'jobState', 'jobCode'];
const begins = [...Object.keys(fields), ...functions, 'site.', 'Device.', 'InternetGatewayDevice.'];

/** The text is one word that a field begins with: it is a field that is being written, rather than a word to look for. */
export const isBegun = (text: string): boolean =>
  /^[\w.]+$/.test(text) &&
  readFilter(text).kind === 'words' &&
  begins.some(name => name.toLowerCase().startsWith(text.toLowerCase()) || (/\.$/.test(name) && text.startsWith(name)));

interface Tokens {
  tokens: Token[];
  /** Where the text cannot be read on. */
  end: number;
}

/** The tokens of a text as far as it can be read; without the one at its end. */
export function tokensOf(text: string): Tokens {
  try {
    return { tokens: tokenize(text).slice(0, -1), end: text.length };
  } catch (error) {
    const column = (error as { detail?: { column?: number } }).detail?.column ?? 1;
    const end = Math.min(column - 1, text.length);
    return end === 0 ? { tokens: [], end } : { tokens: tokensOf(text.slice(0, end)).tokens, end };
  }
}

type Colour = 'field' | 'text' | 'word' | 'wrong' | 'plain';

export interface ColouredPart {
  colour: Colour;
  text: string;
}

const isWord = ({ kind, text }: Token, words: readonly string[]): boolean =>
  kind === 'word' && words.includes(text.toLowerCase());
const small = ['and', 'or', 'not', 'in', 'like', 'exists', 'now'];

function colourOf(token: Token): Colour {
  if (token.kind === 'text') return 'text';
  if (isWord(token, small)) return 'word';
  return token.kind === 'word' ? 'field' : 'plain';
}

/** @param wrongAt the column of the part that cannot be read, from 1 */
export function colouredParts(text: string, wrongAt?: number): ColouredPart[] {
  const { tokens, end } = tokensOf(text);
  const parts: ColouredPart[] = [];
  let at = 0;
  for (const [nth, token] of tokens.entries()) {
    const begin = token.column - 1;
    const stop = (tokens[nth + 1]?.column ?? end + 1) - 1;
    const written = text.slice(begin, stop).trimEnd();
    if (begin > at) parts.push({ colour: 'plain', text: text.slice(at, begin) });
    parts.push({ colour: token.column === wrongAt ? 'wrong' : colourOf(token), text: written });
    at = begin + written.length;
  }
  if (at < text.length) {
    const rest = text.slice(at);
    const begin = rest.search(/\S/);
    if (begin > 0) parts.push({ colour: 'plain', text: rest.slice(0, begin) });
    const tail = rest.slice(Math.max(0, begin));
    const isText = /^["']/.test(tail);
    parts.push({ colour: isText ? 'text' : wrongAt === undefined ? 'plain' : 'wrong', text: tail });
  }
  return parts;
}

/** The parts of a filter that are joined by `and` at its top. One with `or` at its top is one part. */
export function partsOf(filter: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let begin = 0;
  for (const token of tokensOf(filter).tokens) {
    if (token.kind === 'operator') depth += token.text === '(' ? 1 : token.text === ')' ? -1 : 0;
    if (depth > 0) continue;
    if (isWord(token, ['or'])) return [filter.trim()];
    if (!isWord(token, ['and'])) continue;
    parts.push(filter.slice(begin, token.column - 1).trim());
    begin = token.column + 2;
  }
  return [...parts, filter.slice(begin).trim()].filter(part => part !== '');
}

/** Equal for parts that mean the same. */
function meaningOf(part: string): string {
  try {
    return JSON.stringify(parse(part));
  } catch (error) {
    return `${part} ${String(error)}`;
  }
}

const isOr = (filter: string): boolean => {
  let depth = 0;
  for (const token of tokensOf(filter).tokens) {
    if (token.kind === 'operator') depth += token.text === '(' ? 1 : token.text === ')' ? -1 : 0;
    if (depth === 0 && isWord(token, ['or'])) return true;
  }
  return false;
};

/** @param text as it was typed @returns the parts of its filter; an `or` at its top in parentheses */
const ownParts = (text: string): string[] => {
  const filter = filterOf(text);
  return isOr(filter) ? [`(${filter})`] : partsOf(filter);
};

export const hasPart = (text: string, part: string): boolean => {
  const wanted = meaningOf(part);
  return ownParts(text).some(own => meaningOf(own) === wanted);
};

export const withPart = (text: string, part: string): string =>
  hasPart(text, part) ? text : [...ownParts(text), part].join(' and ');

export function withoutPart(text: string, part: string): string {
  const wanted = meaningOf(part);
  return ownParts(text)
    .filter(own => meaningOf(own) !== wanted)
    .join(' and ');
}

/** A comparison with one value. @param value null for "none" */
export function comparisonOf(field: string, value: string | null, isNot = false): string {
  const kind = Object.hasOwn(fields, field) ? fields[field]?.kind : undefined;
  if (value === null) {
    const isShort = kind === 'number' || kind === 'fault';
    if (isShort) return isNot ? field : `not ${field}`;
    return isNot ? `${field} exists` : `not ${field} exists`;
  }
  if (kind === 'flag') return (value === 'true') === isNot ? `not ${field}` : field;
  return `${field} ${isNot ? '!=' : '='} ${kind === 'number' ? value : quotedText(value)}`;
}

export const serialIn = (serials: readonly string[]): string => `serial in (${serials.map(quotedText).join(', ')})`;
