// Completion by Tab: names of commands, their options, words and numbers that options take.
import type { Command, OptionSpec } from './command.ts';
import { optionText } from './syntax/forms.ts';
import { mmlStart } from './syntax/mml.ts';
import type { CommandTable } from './syntax/parse.ts';

interface Completion {
  /** End of the line that a candidate replaces. */
  start: string;
  candidates: string[];
  /** True where directory numbers complete it. */
  wantsNumbers?: true;
}

/** Commands of the shell itself. */
const ownWords = ['exit', 'help'];

/** @param more commands of one word beside those of the table */
export function completionOf(table: CommandTable, line: string, more: readonly string[] = []): Completion {
  const mml = mmlStart(line);
  const parameters = mml && table.get(mml.name);
  if (mml && parameters?.kind === 'mml' && line.length > mml.end) return ofParameters(parameters, line.slice(mml.end));
  const words = line.split(/[ \t]+/).filter((word, at, all) => word !== '' || at === all.length - 1);
  const start = words.at(-1) ?? '';
  const [name = '', ...before] = words.slice(0, -1);
  const command = table.get(name);
  if (name === '' || name === 'help')
    return of(start, [...table.keys(), ...(name === '' ? [...ownWords, ...more] : [])]);
  if (!command || command.kind === 'mml') return of(start, []);
  const option = optionOf(command, before.at(-1) ?? '');
  if (option?.kind && !/^[-+]/.test(start)) return ofValue(option, start);
  return of(start, [...Object.keys(command.options).map(one => optionText(command, one)), '-?']);
}

function ofParameters(command: Command, text: string): Completion {
  const part = text.slice(Math.max(text.lastIndexOf(','), text.lastIndexOf(':')) + 1).trimStart();
  const [name = '', value] = part.split('=', 2);
  const option = command.options[name.toLowerCase()];
  if (value !== undefined) return option ? ofValue(option, value) : of(value, []);
  return of(
    part,
    Object.keys(command.options).map(one => `${one.toUpperCase()}=`),
  );
}

/** In a list or range of numbers the last one is completed. */
function ofValue({ kind }: OptionSpec, start: string): Completion {
  if (!kind?.isNumber) return of(start, kind?.words ?? []);
  return { start: start.split(/\D/).at(-1) ?? '', candidates: [], wantsNumbers: true };
}

function optionOf(command: Command, word: string): OptionSpec | undefined {
  const name = word.replace(/^[-+]{1,2}/, '');
  if (name === word) return undefined;
  const byLetter = Object.values(command.options).find(({ letter }) => letter !== undefined && name.endsWith(letter));
  return Object.hasOwn(command.options, name) ? command.options[name] : byLetter;
}

const of = (start: string, words: readonly string[]): Completion => ({
  start,
  candidates: words.filter(word => word.toLowerCase().startsWith(start.toLowerCase())).toSorted(),
});
