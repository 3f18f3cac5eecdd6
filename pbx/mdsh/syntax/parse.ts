// One line as a command with its options, or as a wish for a help page.
import type { Command, OptionSpec } from '../command.ts';
import type { Given } from './arguments.ts';
import { CommandSyntaxError, printable } from './error.ts';
import { mmlStart, parametersText, readParameters } from './mml.ts';
import { optionsText, readOptions } from './unix.ts';
import { checkLength, wordsOf } from './words.ts';

export type ParsedLine =
  | { kind: 'nothing' }
  | { kind: 'help'; command: Command; isComplete: boolean }
  | { kind: 'command'; command: Command; given: Given[] };

export type CommandTable = ReadonlyMap<string, Command>;

const helpWords = ['-?', '--help', '--help-complete'];

/** Options of every command with dashes. */
const common: Readonly<Record<string, OptionSpec>> = {
  verbose: { letter: 'v', help: 'Turns on verbose output. Without effect here.' },
  'verbose-to-syslog': { letter: 'V', help: 'Turns on verbose output to syslog. Without effect here.' },
};

/** The table by name, with the options that each command takes. */
export function tableOf(commands: readonly Command[]): CommandTable {
  return new Map(
    commands.map(command => [
      command.name,
      command.kind === 'mml' ? command : { ...command, options: { ...command.options, ...common } },
    ]),
  );
}

/** @throws CommandSyntaxError that says what is wrong and where */
export function parseLine(table: CommandTable, line: string): ParsedLine {
  checkLength(line);
  const mml = mmlStart(line);
  const mmlCommand = mml && table.get(mml.name);
  if (mml && mmlCommand?.kind === 'mml') return parseMml(mmlCommand, line, mml.end);
  const [first, ...words] = wordsOf(line);
  if (first === undefined) return { kind: 'nothing' };
  const command = table.get(first.text);
  if (command === undefined)
    throw new CommandSyntaxError(`'${printable(first.text)}' is not a command; help lists them`, first.at);
  const help = words.find(({ text }) => helpWords.includes(text));
  if (help) return { kind: 'help', command, isComplete: help.text === '--help-complete' };
  return { kind: 'command', command, given: readOptions(command, words) };
}

function parseMml(command: Command, line: string, from: number): ParsedLine {
  const rest = line.slice(from).replace(/;/g, ' ').trim();
  if (helpWords.includes(rest)) return { kind: 'help', command, isComplete: rest === '--help-complete' };
  return { kind: 'command', command, given: readParameters(command, line, from) };
}

/** The command as a line, from which `parseLine` reads it again. @param hideSecrets codes and passwords as stars */
export function lineText(command: Command, given: readonly Given[], hideSecrets = false): string {
  const shown = given.map(one =>
    hideSecrets && one.value !== undefined && command.options[one.name]?.isSecret ? { ...one, value: '****' } : one,
  );
  return command.kind === 'mml' ? parametersText(command, shown) : optionsText(command, shown);
}
