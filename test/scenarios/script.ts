// The form of a scenario: blocks of commands, `----`, and the lines that they must bring about. Blank lines part blocks; `#` begins
// a comment; a command line that begins with a blank continues the one above it.

export interface Block {
  commands: string[];
  expected: string[];
  /** The lines as they are written, from the first comment to the last command. */
  source: string[];
}

const MARK = '----';

/** @throws Error for a block without `----` */
export function parseScript(text: string): Block[] {
  return text
    .split(/\n{2,}/)
    .map(part => part.replace(/^\n+|\n+$/g, ''))
    .filter(part => part !== '')
    .map(blockOf);
}

function blockOf(text: string): Block {
  const lines = text.split('\n');
  const at = lines.indexOf(MARK);
  const source = at < 0 ? lines : lines.slice(0, at);
  const commands: string[] = [];
  for (const line of source) {
    if (line.startsWith('#')) continue;
    if (line.startsWith(' ') && commands.length > 0) commands.push(`${commands.pop()} ${line.trim()}`);
    else commands.push(line);
  }
  if (at < 0 && commands.length > 0) throw new Error(`no ${MARK} after '${commands[0]}'`);
  return { commands, expected: at < 0 ? [] : lines.slice(at + 1), source };
}

/** The text of a script whose commands brought about `results`, one list of lines a block. */
export function printScript(blocks: readonly Block[], results: readonly (readonly string[])[]): string {
  const texts = blocks.map(({ source, commands }, at) =>
    [...source, ...(commands.length > 0 ? [MARK, ...(results[at] ?? [])] : [])].join('\n'),
  );
  return `${texts.join('\n\n')}\n`;
}

/** Words of a command: parted by blanks, quotes keep blanks together. */
export const wordsOf = (text: string): string[] =>
  [...text.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''));

/** Parts `name=value` words from the others. */
export function optionsOf(words: readonly string[]): { plain: string[]; options: Record<string, string> } {
  const plain: string[] = [];
  const options: Record<string, string> = {};
  for (const word of words) {
    const [, name, value = ''] = /^([\w.-]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined) plain.push(word);
    else options[name] = value;
  }
  return { plain, options };
}
