// The options of a line checked by the table of commands: which form is meant, and the values.
import type { Command, Form, OptionSpec } from '../command.ts';
import { Arguments, type Given } from './arguments.ts';
import { CommandSyntaxError } from './error.ts';
import type { Value } from './values.ts';

/** The option as it is written: `--csp`, `-set`, `TLS`. */
export function optionText({ kind, dash = '--' }: Command, name: string): string {
  return kind === 'mml' ? name.toUpperCase() : `${dash}${name}`;
}

/** The shortest way to write it. */
export function shortOption(command: Command, name: string): string {
  const letter = command.options[name]?.letter;
  return letter === undefined ? optionText(command, name) : `-${letter}`;
}

/** @param end column behind the line, where something is missing @throws CommandSyntaxError */
export function readArguments(command: Command, given: readonly Given[], end: number): { form: Form; args: Arguments } {
  const values = new Map<string, Value>();
  const plus = new Set<string>();
  for (const one of given) {
    const option = command.options[one.name] as OptionSpec;
    if (values.has(one.name)) throw new CommandSyntaxError(`${optionText(command, one.name)} is given twice`, one.at);
    values.set(one.name, readValue(option, one));
    if (one.isPlus) plus.add(one.name);
  }
  const form = formOf(command, given, end);
  checkForm(command, form, given, end);
  return { form, args: new Arguments(values, plus) };
}

function readValue({ kind }: OptionSpec, { value, valueAt }: Given): Value {
  if (kind === undefined || value === undefined) return true;
  try {
    return kind.read(value);
  } catch (error) {
    throw new CommandSyntaxError((error as Error).message, valueAt);
  }
}

/** The form all of whose choosing options are given; the one with most of them. */
function formOf(command: Command, given: readonly Given[], end: number): Form {
  const names = new Set(given.map(({ name }) => name));
  const choosing = new Set(command.forms.flatMap(({ by }) => by));
  const fitting = command.forms.filter(({ by }) => by.every(name => names.has(name)));
  const form = fitting.toSorted((a, b) => b.by.length - a.by.length)[0];
  if (!form) {
    const first = [...new Set(command.forms.map(({ by }) => shortOption(command, by[0] ?? '')))];
    throw new CommandSyntaxError(`one of ${first.join(', ')} is missing`, end);
  }
  const other = given.find(({ name }) => choosing.has(name) && !form.by.includes(name) && !isTaken(form, name));
  if (other) {
    const chosen = shortOption(command, form.by[0] ?? '');
    throw new CommandSyntaxError(`${shortOption(command, other.name)} and ${chosen} exclude each other`, other.at);
  }
  return form;
}

const isTaken = ({ needs = [], takes = [] }: Form, name: string): boolean =>
  needs.includes(name) || takes.includes(name);

function checkForm(command: Command, form: Form, given: readonly Given[], end: number): void {
  const by = form.by.map(name => shortOption(command, name)).join(' ');
  const written = command.kind === 'mml' ? command.name.toUpperCase() : command.name;
  const place = by === '' ? written : `${written} ${by}`;
  for (const { name, at } of given) {
    const isOpen = form.by.includes(name) || isTaken(form, name) || commonOptions.includes(name);
    if (!isOpen) throw new CommandSyntaxError(`${optionText(command, name)} does not go with ${place}`, at);
  }
  const missing = form.needs?.find(name => !given.some(one => one.name === name));
  if (missing !== undefined) throw new CommandSyntaxError(`${place} needs ${optionText(command, missing)}`, end);
}

/** Options that each command with dashes takes, without effect here. */
const commonOptions: readonly string[] = ['verbose', 'verbose-to-syslog'];
