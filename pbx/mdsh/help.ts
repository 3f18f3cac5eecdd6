// The help page of a command: name, synopsis, parameters in alphabetical order, description, examples.
import type { Command, Form, OptionSpec } from './command.ts';
import { optionText, shortOption } from './syntax/forms.ts';

const WIDTH = 76;
const INDENT = 5;

/** @param isComplete with the options that every command takes, and what is particular to this exchange */
export function helpPage(command: Command, isComplete: boolean): string[] {
  const parameters = Object.entries(command.options)
    .filter(([, { help }]) => isComplete || !help.endsWith('Without effect here.'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    'NAME',
    ...wrapped(`${nameOf(command)} - ${command.about}`, INDENT),
    '',
    'SYNOPSIS',
    ...command.forms.flatMap(form => wrapped(synopsis(command, form), INDENT, INDENT + 4)),
    '',
    'PARAMETERS',
    ...parameters.flatMap(([name, option]) => [...parameterText(command, name, option), '']),
    'DESCRIPTION',
    ...wrapped(command.description, INDENT),
    ...(isComplete ? ['', ...wrapped(command.ours, INDENT)] : []),
    '',
    'EXAMPLES',
    ...command.examples.flatMap(({ about, line }) => [
      ...wrapped(about, INDENT),
      ...wrapped(line, INDENT + 3, INDENT + 7),
      '',
    ]),
    ...(isComplete ? [] : wrapped(`For more complete help type '${command.name} --help-complete'.`, 0)),
  ];
}

/** Name as it is written: in capitals where the command takes parameters. */
export const nameOf = ({ kind, name }: Pick<Command, 'kind' | 'name'>): string =>
  kind === 'mml' ? name.toUpperCase() : name;

/** One form on one line: `extension -i -d m -l x --csp x [--customer x]`. */
export function synopsis(command: Command, { by, needs = [], takes = [] }: Form): string {
  const use = (name: string): string => {
    const { kind, isOptional, plus } = command.options[name] as OptionSpec;
    const short = shortOption(command, name);
    const option = plus ? `±${short.slice(1)}` : short;
    if (kind === undefined) return option;
    const value = isOptional ? `[${kind.sign}]` : kind.sign;
    return command.kind === 'mml' ? `${option}=${value}` : `${option} ${value}`;
  };
  const parts = [...by.map(use), ...needs.map(use), ...takes.map(name => `[${use(name)}]`)];
  if (command.kind === 'unix') return [command.name, ...parts].join(' ');
  return `${nameOf(command)}${parts.length > 0 ? ':' : ''}${parts.join(',').replaceAll(',[', '[,')};`;
}

function parameterText(command: Command, name: string, option: OptionSpec): string[] {
  const { letter, plus, kind, isOptional } = option;
  const long = optionText(command, name);
  const forms = [letter && `-${letter}`, plus && letter && `+${letter}`, long, plus && `++${name}`].filter(Boolean);
  const value =
    kind === undefined ? 'Takes no value.' : `${kind.about}${isOptional ? ' The value may be left out.' : ''}`;
  return [`${' '.repeat(INDENT)}${forms.join(', ')}`, ...wrapped(`${option.help} ${value}`, INDENT + 3)];
}

/** Text in lines of the width of a page. @param later indent of all lines but the first */
function wrapped(text: string, indent: number, later = indent): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  let isEmpty = true;
  for (const word of text.split(/\s+/)) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = ' '.repeat(later);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
