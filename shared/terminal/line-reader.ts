// Lines that an operator enters at a terminal, with a prompt of their own each.
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

interface LineReaderOptions {
  input: Readable;
  output: Writable;
  /** Lines entered before, the newest first. */
  history: readonly string[];
  historySize: number;
  /** Candidates for the end of the line, and that end. */
  complete(line: string): Promise<[string[], string]>;
  /** Ctrl-C. */
  onInterrupt(): void;
}

/** Lines entered ahead, by a paste, before the terminal is left unread. */
const MAX_WAITING = 1000;

export class LineReader {
  readonly #options: LineReaderOptions;
  readonly #readline: Interface;
  /** The last key was Enter: a line that the end of the input cut off was not sent by the operator. */
  #isEntered = false;
  #isKept = true;
  #isClosed = false;
  readonly #waiting: string[] = [];
  #take: ((line: string | undefined) => void) | undefined;

  constructor(options: LineReaderOptions) {
    this.#options = options;
    const { input, output, history, historySize, complete } = options;
    this.#readline = createInterface({
      input,
      output,
      terminal: true,
      history: [...history],
      historySize,
      completer: completerOf(complete),
    });
    input.prependListener('keypress', (_, key?: { name?: string }) => {
      this.#isEntered = key?.name === 'return' || key?.name === 'enter';
    });
    this.#readline.on('history', lines => {
      if (!this.#isKept) lines.shift();
    });
    this.#readline.on('line', line => this.#entered(line));
    this.#readline.on('SIGINT', () => this.#interrupt());
    this.#readline.once('close', () => {
      this.#isClosed = true;
      this.#take?.(undefined);
    });
  }

  /** The next line; undefined at the end of the input. @param isKept the line goes into the history */
  read(prompt: string, isKept = true): Promise<string | undefined> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined && this.#waiting.length === 0 && !this.#isClosed) this.#readline.resume();
    if (waiting !== undefined || this.#isClosed) return Promise.resolve(waiting);
    this.#isKept = isKept;
    this.#readline.setPrompt(prompt);
    this.#show(prompt);
    return new Promise(resolve => {
      this.#take = line => {
        this.#take = undefined;
        resolve(line);
      };
    });
  }

  /** Scripts at a terminal wait for an output that ends with the prompt, so no movement of the cursor may follow it. */
  #show(prompt: string): void {
    if (this.#readline.line === '') this.#options.output.write(prompt);
    else this.#readline.prompt(true);
  }

  close(): void {
    this.#readline.close();
  }

  #entered(line: string): void {
    if (!this.#isEntered) return;
    if (this.#take) this.#take(line);
    else this.#waiting.push(line);
    if (this.#waiting.length >= MAX_WAITING) this.#readline.pause();
  }

  /** Ctrl-C leaves the line that is written; lines that were entered ahead are left too. */
  #interrupt(): void {
    const isWritten = this.#readline.line !== '';
    this.#options.output.write('^C\n');
    this.#waiting.length = 0;
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
    this.#options.onInterrupt();
    // A line that is deleted leaves its prompt behind.
    if (this.#take && !isWritten) this.#show(this.#readline.getPrompt());
  }
}

type Completed = (error: Error | null, found?: [string[], string]) => void;

const completerOf =
  (complete: LineReaderOptions['complete']) =>
  (line: string, done: Completed): void => {
    complete(line).then(
      found => done(null, found),
      (error: unknown) => done(error as Error),
    );
  };
