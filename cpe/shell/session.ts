// One session at the console: lines at a terminal with history and completion, or the lines of one command.
import type { Readable } from 'node:stream';
import type { Clock, Timer } from '../../shared/clock.ts';
import { LineReader } from '../../shared/terminal/line-reader.ts';
import { Turns } from '../../shared/turns.ts';
import { accountOf } from '../services/aaa.ts';
import type { Unit } from '../services/service.ts';
import { type Exit, type LineAnswer, runLine } from './commands.ts';
import { complete } from './completion.ts';
import type { Screen } from './screen.ts';

const PROMPT = 'Global>';
/** Lines of a session that the arrow keys bring back. */
const MAX_HISTORY = 200;
/** Characters of one line. */
const MAX_LINE = 16 * 1024;

export interface SessionOptions {
  unit: Unit;
  user: string;
  input: Readable;
  screen: Screen;
  /** Called when the session was idle for too long. */
  onIdle(): void;
}

export class ConsoleSession {
  readonly #options: SessionOptions;
  readonly #clock: Clock;
  readonly #history: string[] = [];
  readonly #turns = new Turns(20);
  #idle: Timer | undefined;
  hasEnded = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#clock = options.unit.clock;
    options.input.on('data', () => this.#awake());
    this.#awake();
  }

  /** Runs lines until the end of the input. */
  async atTerminal(): Promise<Exit> {
    const { unit, screen, input } = this.#options;
    const welcome = unit.config.variable('Cli.WelcomeMessage') ?? '';
    if (welcome !== '') await screen.print(`${welcome}\n`);
    const reader = new LineReader({
      input,
      output: screen,
      history: this.#history,
      historySize: MAX_HISTORY,
      complete: async line => complete(unit, line),
      onInterrupt: () => undefined,
    });
    input.once('close', () => reader.close());
    let exit: Exit = 0;
    while (!this.hasEnded) {
      const line = await reader.read(PROMPT);
      if (line === undefined) break;
      const answer = await this.run(line);
      exit = answer.exit;
      if (answer.ends) break;
    }
    reader.close();
    return exit;
  }

  /** Carries out the lines of a command: `ssh unit 'Hoc.SystemName'`. The first that fails is the last. */
  async command(text: string): Promise<Exit> {
    for (const line of text.split('\n')) {
      const { exit, ends } = await this.run(line);
      if (exit !== 0 || ends || this.hasEnded) return exit;
    }
    return 0;
  }

  end(): void {
    this.hasEnded = true;
    this.#idle?.cancel();
  }

  /** Carries out one line. */
  async run(line: string): Promise<LineAnswer> {
    const { unit, user, screen } = this.#options;
    this.#awake();
    await this.#turns.spent(1);
    // Rights are those of now: an account may be gone since the login.
    const account = accountOf(unit, user);
    if (!account) return { exit: 1, ends: true };
    const place = { unit, rights: account.rights, width: screen.columns };
    const answer: LineAnswer =
      line.length > MAX_LINE ? { exit: 2, text: 'Error: the line is too long' } : await runLine(place, line);
    if (answer.text !== undefined) await screen.print(`${answer.text}\n`);
    return answer;
  }

  #awake(): void {
    this.#idle?.cancel();
    if (this.hasEnded) return;
    const minutes = Number(this.#options.unit.config.variable('Cli.InactivityTimeOut') ?? 15);
    this.#idle = this.#clock.after(minutes * 60_000, this.#options.onIdle);
  }
}

/** Lines that are not typed at a terminal, as from a pipe. */
export async function runPipe(session: ConsoleSession, input: Readable): Promise<Exit> {
  let exit: Exit = 0;
  let rest = '';
  for await (const chunk of input) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) return 2;
    for (const line of lines) {
      const answer = await session.run(line);
      exit = answer.exit === 0 ? exit : answer.exit;
      if (answer.ends || session.hasEnded) return exit;
    }
  }
  if (rest === '') return exit;
  const last = (await session.run(rest)).exit;
  return last === 0 ? exit : last;
}
