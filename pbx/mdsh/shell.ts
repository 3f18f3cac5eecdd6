// The shell inside the server: takes lines, carries out one command at a time, all or nothing, and says what came of it. Prints run beside.
import { messageOf } from '../../shared/errors.ts';
import { Turns } from '../../shared/turns.ts';
import { type Command, type Form, type Lines, NotExecuted, type ShellContext } from './command.ts';
import { helpPage } from './help.ts';
import type { Arguments } from './syntax/arguments.ts';
import { CommandSyntaxError, printable, syntaxErrorText } from './syntax/error.ts';
import { readArguments } from './syntax/forms.ts';
import { lineText, type ParsedLine, parseLine } from './syntax/parse.ts';
import { commandTable } from './table.ts';

/** 0 executed, 1 not executed, 2 wrong syntax. */
export type Exit = 0 | 1 | 2;

export interface LineRequest {
  line: string;
  /** An operator at a terminal can be asked. */
  canAsk?: boolean;
  /** The operator has said yes. */
  isConfirmed?: boolean;
}

export interface LineAnswer {
  exit: Exit;
  /** Nothing was done yet: the line is to be sent again, confirmed, where the operator says yes to this. */
  question?: string;
}

const QUESTION = 'Are you sure? (Y/N): ';

/** Commands that wait for their turn, and how long. */
const MAX_WAITING = 32;
const MAX_WAIT_MS = 30_000;
/** Lines that are handed over at a time. */
const PORTION = 500;

/** Takes lines of the answer, some at a time. */
export type Write = (lines: Lines) => void | Promise<void>;

interface Work {
  form: Form;
  args: Arguments;
}

export class Shell {
  readonly #context: ShellContext;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(context: ShellContext) {
    this.#context = context;
  }

  async run(request: LineRequest, write: Write): Promise<LineAnswer> {
    const { line } = request;
    let parsed: ParsedLine;
    let work: Work | undefined;
    try {
      parsed = parseLine(commandTable, line);
      work = parsed.kind === 'command' ? readArguments(parsed.command, parsed.given, line.length) : undefined;
    } catch (error) {
      if (!(error instanceof CommandSyntaxError)) throw error;
      await write(syntaxErrorText(line, error));
      return { exit: 2 };
    }
    if (parsed.kind === 'help') await write(helpPage(parsed.command, parsed.isComplete));
    if (parsed.kind !== 'command' || work === undefined) return { exit: 0 };
    const answer = await (isPrint(work.form)
      ? this.#carryOut(work, request, write)
      : this.#inTurn(work, request, write));
    if (answer.question === undefined)
      this.#note(parsed.command, lineText(parsed.command, parsed.given, true), answer.exit);
    return answer;
  }

  #note({ name }: Command, line: string, exit: Exit): void {
    this.#context.log.info('exchange command', { command: name, line, exit });
  }

  async #inTurn(work: Work, request: LineRequest, write: Write): Promise<LineAnswer> {
    if (this.#waiting >= MAX_WAITING) return await busy(write);
    this.#waiting++;
    const { clock } = this.#context;
    const since = clock.monotonic();
    const before = this.#turn;
    let end = (): void => undefined;
    this.#turn = new Promise(resolve => {
      end = resolve;
    });
    try {
      await before;
      this.#waiting--;
      if (clock.monotonic() - since > MAX_WAIT_MS) return await busy(write);
      return await this.#carryOut(work, request, write);
    } finally {
      end();
    }
  }

  async #carryOut({ form, args }: Work, { canAsk, isConfirmed }: LineRequest, write: Write): Promise<LineAnswer> {
    const context = this.#context;
    try {
      await form.check?.(context, args);
      if (canAsk && !isConfirmed && form.asks?.(args)) return { exit: 0, question: QUESTION };
      const changes = (await form.effect?.(context, args)) ?? [];
      await context.exchange.commit(changes);
      await form.act?.(context, args);
      await inPortions(form.print ? await form.print(context, args) : ['EXECUTED'], write);
      return { exit: 0 };
    } catch (error) {
      await write(['NOT EXECUTED', ...this.#reasons(error)].map(printable));
      return { exit: 1 };
    }
  }

  #reasons(error: unknown): Lines {
    if (error instanceof NotExecuted) return error.lines;
    this.#context.log.error('exchange command failed', { error });
    return [messageOf(error).toUpperCase()];
  }
}

/** A print changes nothing, so it waits for no other command. */
const isPrint = ({ effect, act }: Form): boolean => effect === undefined && act === undefined;

async function busy(write: Write): Promise<LineAnswer> {
  await write(['COMMAND BUSY']);
  return { exit: 1 };
}

async function inPortions(lines: Lines, write: Write): Promise<void> {
  const turns = new Turns(PORTION);
  for (let from = 0; from < lines.length; from += PORTION) {
    await write(lines.slice(from, from + PORTION).map(printable));
    await turns.spent(PORTION);
  }
}
