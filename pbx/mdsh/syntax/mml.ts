// Commands of five letters with parameters: `RIANI:ROU=12,TLS=YES;`, `riani rou=12,tls=yes;`.
import type { Command } from '../command.ts';
import type { Given } from './arguments.ts';
import { CommandSyntaxError, printable } from './error.ts';

/** The name that a line begins with, and the column behind it and its colon; undefined where it begins otherwise. */
export function mmlStart(line: string): { name: string; at: number; end: number } | undefined {
  const at = line.search(/[^ \t]/);
  if (at < 0) return undefined;
  const [, name, between = ''] = /^([A-Za-z]{5})(?![A-Za-z0-9_])([ \t]*:?)/.exec(line.slice(at, at + 64)) ?? [];
  return name === undefined ? undefined : { name: name.toLowerCase(), at, end: at + name.length + between.length };
}

/** @param from column behind the name @throws CommandSyntaxError */
export function readParameters(command: Command, line: string, from: number): Given[] {
  const given: Given[] = [];
  let at = skipBlanks(line, from);
  while (at < line.length && line[at] !== ';') {
    const { one, end } = readParameter(command, line, at);
    given.push(one);
    at = skipBlanks(line, end);
    if (line[at] !== ',') break;
    at = skipBlanks(line, at + 1);
    if (at >= line.length || line[at] === ';')
      throw new CommandSyntaxError('a parameter is missing after the comma', at);
  }
  if (at < line.length && line[at] !== ';') throw new CommandSyntaxError("',' or ';' is missing", at);
  const rest = line.slice(at + 1).search(/[^ \t;]/);
  if (rest >= 0) throw new CommandSyntaxError('a line holds one command', at + 1 + rest);
  return given;
}

function readParameter(command: Command, line: string, at: number): { one: Given; end: number } {
  const word = /^[A-Za-z0-9-]{1,32}/.exec(line.slice(at, at + 33))?.[0] ?? '';
  const name = word.toLowerCase();
  if (!Object.hasOwn(command.options, name)) {
    const shown = printable(word === '' ? (line[at] ?? '') : word);
    throw new CommandSyntaxError(`${command.name.toUpperCase()} has no parameter '${shown}'`, at);
  }
  const equals = skipBlanks(line, at + word.length);
  if (line[equals] !== '=') throw new CommandSyntaxError(`'=' is missing after ${word.toUpperCase()}`, equals);
  const valueAt = skipBlanks(line, equals + 1);
  const { text, end } = line[valueAt] === '"' ? readQuoted(line, valueAt) : readBare(line, valueAt);
  if (text === '') throw new CommandSyntaxError(`${word.toUpperCase()} needs a value`, valueAt);
  return { one: { name, value: text, at, valueAt }, end };
}

function readBare(line: string, from: number): { text: string; end: number } {
  let end = from;
  while (end < line.length && !',;" \t'.includes(line[end] ?? '')) end++;
  return { text: line.slice(from, end), end };
}

/** A quote within is written twice. */
function readQuoted(line: string, from: number): { text: string; end: number } {
  let text = '';
  for (let at = from + 1; at < line.length; at++) {
    if (line[at] !== '"') text += line[at];
    else if (line[at + 1] === '"') {
      text += '"';
      at++;
    } else return { text, end: at + 1 };
  }
  throw new CommandSyntaxError('the quote " does not end', from);
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line[at] === ' ' || line[at] === '\t') at++;
  return at;
}

/** The line that these parameters were read from, in its plainest form. */
export function parametersText(command: Command, given: readonly Given[]): string {
  const parts = given.map(({ name, value = '' }) => {
    const isBare = value !== '' && !/[,;" \t]/.test(value);
    return `${name.toUpperCase()}=${isBare ? value : `"${value.replaceAll('"', '""')}"`}`;
  });
  return `${command.name.toUpperCase()}${parts.length > 0 ? ':' : ''}${parts.join(',')};`;
}
