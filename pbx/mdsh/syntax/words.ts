// A command line as words, with quotes as a Unix shell has them, and words as a line.
import { CommandSyntaxError } from './error.ts';

export interface Word {
  text: string;
  /** Column of its first character, from 0. */
  at: number;
}

/** Characters of one line. */
export const MAX_LINE = 8192;

const isBlank = (char: string): boolean => char === ' ' || char === '\t';
const shellSigns = new Set(['|', '<', '>', '&', '`']);

/**
 * Words of a line; one semicolon may end it.
 * @throws CommandSyntaxError for a quote that does not end, a sign that belongs to a shell, more than one command, a line that is too long
 */
export function wordsOf(line: string): Word[] {
  checkLength(line);
  const words: Word[] = [];
  for (let at = 0; at < line.length; ) {
    const char = line[at] ?? '';
    if (isBlank(char)) at++;
    else if (char === ';') {
      const rest = line.slice(at + 1).search(/[^ \t]/);
      if (rest >= 0) throw new CommandSyntaxError('a line holds one command', at + 1 + rest);
      break;
    } else {
      const { text, end } = readWord(line, at);
      words.push({ text, at });
      at = end;
    }
  }
  return words;
}

/** @throws CommandSyntaxError */
export function checkLength(line: string): void {
  if (line.length > MAX_LINE) throw new CommandSyntaxError(`a line has at most ${MAX_LINE} characters`, MAX_LINE);
}

function readWord(line: string, from: number): { text: string; end: number } {
  let text = '';
  let at = from;
  while (at < line.length) {
    const char = line[at] ?? '';
    if (isBlank(char) || char === ';') break;
    if (shellSigns.has(char)) throw new CommandSyntaxError(`'${char}' is not offered here; quote it in a value`, at);
    if (char === "'" || char === '"') {
      const part = readQuoted(line, at);
      text += part.text;
      at = part.end;
    } else if (char === '\\') {
      if (at + 1 === line.length) throw new CommandSyntaxError('a character is missing after the backslash', at);
      text += line[at + 1];
      at += 2;
    } else {
      text += char;
      at++;
    }
  }
  return { text, end: at };
}

/** The text between two quotes; within double ones a backslash keeps the meaning of a quote and of itself. */
function readQuoted(line: string, from: number): { text: string; end: number } {
  const quote = line[from] ?? '';
  let text = '';
  for (let at = from + 1; at < line.length; at++) {
    const char = line[at] ?? '';
    if (char === quote) return { text, end: at + 1 };
    const next = line[at + 1];
    if (char === '\\' && quote === '"' && (next === '"' || next === '\\')) {
      text += next;
      at++;
    } else text += char;
  }
  throw new CommandSyntaxError(`the quote ${quote} does not end`, from);
}

/** The word as it is written in a line. */
export function quoted(text: string): string {
  if (/^[\w@%+=:,./?~^-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
