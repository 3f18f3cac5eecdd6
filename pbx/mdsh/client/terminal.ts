// The shell at a terminal: prompt, history, completion by Tab, questions before what cannot be undone.
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../../shared/errors.ts';
import { LineReader } from '../../../shared/terminal/line-reader.ts';
import { completionOf } from '../completion.ts';
import type { Exit } from '../shell.ts';
import { commandTable } from '../table.ts';
import { isOpen, MAX_HISTORY, readHistory, writeHistory } from './history.ts';
import type { ShellLink } from './link.ts';
import { PROMPT } from './pipe.ts';

export interface TerminalOptions {
  link: ShellLink;
  input: Readable;
  output: Writable;
  historyFile: string;
  /** Nothing is asked. */
  isForced: boolean;
}

/** Runs lines until `exit` or the end of the input. @returns the exit code of the last command */
export async function runTerminal(options: TerminalOptions): Promise<Exit> {
  const { output, historyFile } = options;
  const history = await readHistory(historyFile).catch((error: unknown) => {
    output.write(`mdsh: no history: ${messageOf(error)}\n`);
    return [];
  });
  const session = new TerminalSession(options, history);
  const exit = await session.run();
  await writeHistory(historyFile, session.history).catch((error: unknown) => {
    output.write(`mdsh: history not kept: ${messageOf(error)}\n`);
  });
  return exit;
}

class TerminalSession {
  readonly #options: TerminalOptions;
  readonly #reader: LineReader;
  /** The newest line first. */
  readonly history: string[];
  #running: AbortController | undefined;

  constructor(options: TerminalOptions, history: string[]) {
    this.#options = options;
    this.history = history;
    const { input, output, link } = options;
    this.#reader = new LineReader({
      input,
      output,
      history,
      historySize: MAX_HISTORY,
      complete: line => complete(link, line),
      onInterrupt: () => this.#running?.abort(),
    });
  }

  async run(): Promise<Exit> {
    let exit: Exit = 0;
    for (;;) {
      const line = await this.#reader.read(PROMPT);
      if (line === undefined || line.trim() === 'exit') break;
      if (line.trim() === '') continue;
      this.#remember(line);
      exit = await this.#runLine(line);
    }
    this.#reader.close();
    return exit;
  }

  #remember(line: string): void {
    if (!isOpen(line) || this.history[0] === line) return;
    this.history.unshift(line);
    this.history.length = Math.min(this.history.length, MAX_HISTORY);
  }

  async #runLine(line: string): Promise<Exit> {
    const { link, output, isForced } = this.#options;
    const write = (text: string): void => void output.write(text);
    this.#running = new AbortController();
    try {
      const { signal } = this.#running;
      const answer = await link.run({ line, canAsk: !isForced }, write, signal);
      if (answer.question === undefined) return answer.exit;
      const reply = await this.#reader.read(answer.question, false);
      if (!/^y(es)?$/i.test(reply?.trim() ?? '')) return 1;
      return (await link.run({ line, isConfirmed: true }, write, signal)).exit;
    } catch (error) {
      write(`mdsh: ${messageOf(error)}\n`);
      return 1;
    } finally {
      this.#running = undefined;
    }
  }
}

async function complete(link: ShellLink, line: string): Promise<[string[], string]> {
  const { start, candidates, wantsNumbers } = completionOf(commandTable, line, link.serverCommands);
  const found = wantsNumbers ? await link.numbers(start) : candidates;
  return [found.length === 1 && !found[0]?.endsWith('=') ? [`${found[0]} `] : found, start];
}
