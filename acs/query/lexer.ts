// The words of the filter language, each with its column (from 1).
import { UserError } from '../errors.ts';

type TokenKind = 'word' | 'text' | 'number' | 'duration' | 'time' | 'operator' | 'end';

export interface Token {
  kind: TokenKind;
  /** As written; a text without its quotes. */
  text: string;
  column: number;
}

/** @param column where in the filter, from 1 */
export function badFilter(message: string, column: number): UserError {
  return new UserError(400, 'bad-filter', `${message} (column ${column})`, { column });
}

/** The place of a token, in the words of an error message. */
export const where = (token: Token): string => (token.kind === 'end' ? 'at the end' : `before "${token.text}"`);

const MAX_LENGTH = 8192;

/** Sticky patterns, tried in order: the longer of two that begin alike comes first. */
const patterns: readonly [TokenKind | 'space', RegExp][] = [
  ['space', /\s+/y],
  ['time', /\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?(?![\w.])/y],
  ['duration', /\d+(?:\.\d+)?(?:ms|[smhdw])(?!\w)/y],
  ['number', /\d+(?:\.\d+)*(?!\w)/y],
  ['word', /never-finishes(?![\w.-])/y],
  ['word', /[A-Za-z_][\w.]*(?:(?<=\.)\*[\w.]*)*/y],
  ['operator', /<=|>=|!=|[=<>(),+-]/y],
];

/** Reads a quoted text at `at`. A backslash escapes the quote and itself; before any other character it is literal. */
function readText(source: string, at: number): { text: string; end: number } {
  const quote = source[at];
  let text = '';
  for (let index = at + 1; index < source.length; index++) {
    const char = source[index]!;
    if (char === quote) return { text, end: index + 1 };
    const next = source[index + 1];
    if (char === '\\' && (next === quote || next === '\\')) {
      text += next;
      index++;
    } else text += char;
  }
  throw badFilter('this text has no closing quote', at + 1);
}

/** @throws UserError 400 `bad-filter` with the column */
export function tokenize(source: string): Token[] {
  if (source.length > MAX_LENGTH) throw badFilter(`a filter has at most ${MAX_LENGTH} characters`, MAX_LENGTH + 1);
  const nul = source.indexOf('\0');
  if (nul >= 0) throw badFilter('a filter must not contain a NUL character', nul + 1);
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const column = at + 1;
    if (source[at] === '"' || source[at] === "'") {
      const { text, end } = readText(source, at);
      tokens.push({ kind: 'text', text, column });
      at = end;
      continue;
    }
    const found = firstMatch(source, at);
    if (!found) throw badFilter(unreadable(source, at), column);
    if (found.kind !== 'space') tokens.push({ kind: found.kind, text: found.text, column });
    at += found.text.length;
  }
  tokens.push({ kind: 'end', text: '', column: source.length + 1 });
  return tokens;
}

function firstMatch(source: string, at: number): { kind: TokenKind | 'space'; text: string } | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text) return { kind, text };
  }
  return undefined;
}

function unreadable(source: string, at: number): string {
  const word = /^[\w.]+/.exec(source.slice(at))?.[0];
  return word ? `"${word}" must be in quotes` : `unexpected "${source[at]}"`;
}
