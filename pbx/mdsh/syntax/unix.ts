// Options with dashes: `-d 4100..4328`, `--dir=4498,4499`, `-pd 4100`, `-set 1`, `+s csp`.
import type { Command, OptionSpec } from '../command.ts';
import type { Given } from './arguments.ts';
import { CommandSyntaxError } from './error.ts';
import { optionText } from './forms.ts';
import { quoted, type Word } from './words.ts';

/** Options in the words after the command. @throws CommandSyntaxError */
export function readOptions(command: Command, words: readonly Word[]): Given[] {
  const given: Given[] = [];
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const found = readWord(command, word);
    for (const { option, name, isPlus, at, rest } of found) {
      const one: Given = { name, at, valueAt: at, ...(isPlus && { isPlus }) };
      given.push(one);
      if (option.kind === undefined) continue;
      const value = rest ?? nextValue(command, { option, name, at }, queue);
      if (value === undefined) continue;
      one.value = value.text;
      one.valueAt = value.at;
    }
  }
  return given;
}

interface Found {
  name: string;
  option: OptionSpec;
  isPlus: boolean;
  at: number;
  /** The value within the same word. */
  rest?: Word;
}

function readWord(command: Command, { text, at }: Word): Found[] {
  const sign = text[0];
  // The vendor's description leaves the dashes out in places: `security-exception yes`.
  const bare = text.length > 1 && Object.hasOwn(command.options, text) ? command.options[text] : undefined;
  if (bare) return [{ name: text, option: bare, isPlus: false, at }];
  if ((sign !== '-' && sign !== '+') || text.length < 2) throw new CommandSyntaxError(`'${text}' is no option`, at);
  const isDouble = text.startsWith(sign.repeat(2));
  const equals = text.indexOf('=');
  const name = text.slice(isDouble ? 2 : 1, equals < 0 ? undefined : equals);
  // The vendor writes long options of all commands with one dash too, as in `-cil 11600`.
  const isLong = isDouble || (name.length > 1 && Object.hasOwn(command.options, name));
  if (!isLong) return readLetters(command, { text, at });
  const option = Object.hasOwn(command.options, name) ? command.options[name] : undefined;
  if (option === undefined) throw new CommandSyntaxError(`${command.name} has no option '${text}'`, at);
  checkPlus(option, sign, text, at);
  if (equals < 0) return [{ name, option, isPlus: sign === '+', at }];
  if (option.kind === undefined)
    throw new CommandSyntaxError(`${optionText(command, name)} takes no value`, at + equals);
  const rest = { text: text.slice(equals + 1), at: at + equals + 1 };
  return [{ name, option, isPlus: sign === '+', at, rest }];
}

/** `-pd`, `-d4100`. */
function readLetters(command: Command, { text, at }: Word): Found[] {
  const found: Found[] = [];
  for (let place = 1; place < text.length; place++) {
    const letter = text[place] ?? '';
    const [name, option] = Object.entries(command.options).find(([, one]) => one.letter === letter) ?? [];
    if (name === undefined || option === undefined)
      throw new CommandSyntaxError(`${command.name} has no option '-${letter}'`, at + place);
    checkPlus(option, text[0] ?? '', text, at);
    const isPlus = text[0] === '+';
    const rest = text.slice(place + 1);
    if (option.kind !== undefined && rest !== '') {
      found.push({ name, option, isPlus, at, rest: { text: rest, at: at + place + 1 } });
      break;
    }
    found.push({ name, option, isPlus, at });
  }
  return found;
}

function checkPlus(option: OptionSpec, sign: string, text: string, at: number): void {
  if (sign === '+' && !option.plus) throw new CommandSyntaxError(`'${text}' begins with a dash`, at);
}

/** The next word as the value, unless it is an option itself. */
function nextValue(
  command: Command,
  { option, name, at }: { option: OptionSpec; name: string; at: number },
  queue: Word[],
): Word | undefined {
  const next = queue[0];
  if (next !== undefined && !/^[-+]/.test(next.text)) return queue.shift();
  if (option.isOptional) return undefined;
  throw new CommandSyntaxError(`${optionText(command, name)} needs a value`, next?.at ?? at);
}

/** The line that these options were read from, in its plainest form. */
export function optionsText(command: Command, given: readonly Given[]): string {
  const parts = given.map(({ name, value, isPlus }) => {
    const dash = command.dash ?? '--';
    const option = `${isPlus ? '+'.repeat(dash.length) : dash}${name}`;
    if (value === undefined) return option;
    return /^[-+]/.test(value) ? quoted(`${option}=${value}`) : `${option} ${quoted(value)}`;
  });
  return [command.name, ...parts].join(' ');
}
