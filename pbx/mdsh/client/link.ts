// The connection from a client of the shell to the server: one request on the control socket for each line.
import type { Clock } from '../../../shared/clock.ts';
import { askControl } from '../../../shared/control/client.ts';
import { asText } from '../../../shared/control/text.ts';
import { helpPage, nameOf } from '../help.ts';
import type { LineAnswer, LineRequest } from '../shell.ts';
import { CommandSyntaxError } from '../syntax/error.ts';
import { parseLine } from '../syntax/parse.ts';
import { commandTable } from '../table.ts';

/** A range of numbers may take long; the operator can give up. */
const NO_TIMEOUT = 0;
const COMPLETION_MS = 1000;

export class ShellLink {
  readonly #path: string;
  readonly #clock: Clock;
  /** Commands of the server beside those of the shell: one word each, which show how it is. */
  readonly serverCommands: readonly string[];

  constructor(path: string, clock: Clock, serverCommands: readonly string[] = []) {
    this.#path = path;
    this.#clock = clock;
    this.serverCommands = serverCommands;
  }

  /** Help pages are printed here; they need no server. @throws UserError where no server answers */
  async run(request: LineRequest, write: (text: string) => void, signal?: AbortSignal): Promise<LineAnswer> {
    const page = helpOf(request.line, this.serverCommands);
    if (page !== undefined) {
      write(textOf(page));
      return { exit: 0 };
    }
    const word = request.line.replace(/;/g, ' ').trim();
    if (this.serverCommands.includes(word)) {
      write(`${asText(await askControl(this.#path, word, [], this.#clock))}\n`);
      return { exit: 0 };
    }
    const { line, canAsk = false, isConfirmed = false } = request;
    const answer = await askControl(this.#path, 'mdsh', [line], this.#clock, {
      options: { canAsk, isConfirmed },
      timeoutMs: NO_TIMEOUT,
      onProgress: lines => write(textOf(lines as string[])),
      ...(signal && { signal }),
    });
    return answer as LineAnswer;
  }

  /** Directory numbers that begin so; none where the server does not answer soon. */
  async numbers(start: string): Promise<string[]> {
    const options = { options: { numbers: true }, timeoutMs: COMPLETION_MS };
    const found = await askControl(this.#path, 'mdsh', [start], this.#clock, options).catch(() => []);
    return found as string[];
  }
}

const textOf = (lines: readonly string[]): string => lines.map(line => `${line}\n`).join('');

/** Undefined for a line that asks for no page, or that the server says is wrong. */
function helpOf(line: string, serverCommands: readonly string[]): string[] | undefined {
  if (/^[ \t]*help[ \t]*;?[ \t]*$/.test(line)) return commandList(serverCommands);
  const [, name] = /^[ \t]*help[ \t]+(\w{1,64})[ \t]*;?[ \t]*$/.exec(line) ?? [];
  try {
    const parsed = parseLine(commandTable, name === undefined ? line : `${name.toLowerCase()} -?`);
    return parsed.kind === 'help' ? helpPage(parsed.command, parsed.isComplete) : undefined;
  } catch (error) {
    if (error instanceof CommandSyntaxError) return undefined;
    throw error;
  }
}

function commandList(serverCommands: readonly string[]): string[] {
  const rows = [...commandTable.values()].map(command => ({
    kind: command.kind,
    line: `${nameOf(command).padEnd(26)}${command.about}`,
  }));
  const of = (kind: string): string[] => rows.filter(row => row.kind === kind).map(({ line }) => `  ${line}`);
  return [
    'Commands with options (COMMAND -? prints the help page):',
    ...of('unix'),
    'Commands with parameters (NAME:PARAMETER=VALUE,…;):',
    ...of('mml'),
    ...(serverCommands.length > 0 ? [`How the server is: ${serverCommands.join(', ')}.`] : []),
    'exit ends the shell.',
  ];
}
