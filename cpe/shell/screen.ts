// The output of a session: lines end with a carriage return where it is a terminal, and a reader that is slow is waited for.
import { Writable } from 'node:stream';

/** The part of an SSH channel that text goes to. */
interface Sink {
  write(text: string): boolean;
  once(event: 'drain' | 'close', run: () => void): unknown;
  removeListener(event: 'drain' | 'close', run: () => void): unknown;
  readonly destroyed: boolean;
}

export class Screen extends Writable {
  readonly #sink: Sink;
  readonly #isTerminal: boolean;
  /** Width and height, which readline reads. */
  columns: number;
  rows: number;

  constructor(sink: Sink, size: { columns: number; rows: number } | undefined) {
    super({ decodeStrings: false });
    this.#sink = sink;
    this.#isTerminal = size !== undefined;
    this.columns = size?.columns ?? 120;
    this.rows = size?.rows ?? 24;
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }

  /** Resolves once the reader has room for more. */
  async print(text: string): Promise<void> {
    if (this.write(text)) return;
    await new Promise<void>(resolve => {
      const go = (): void => {
        this.removeListener('drain', go);
        this.removeListener('close', go);
        resolve();
      };
      this.on('drain', go);
      this.on('close', go);
    });
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString();
    const hasRoom = this.#sink.destroyed || this.#sink.write(this.#isTerminal ? text.replace(/\r?\n/g, '\r\n') : text);
    if (hasRoom) {
      done();
      return;
    }
    const go = (): void => {
      this.#sink.removeListener('drain', go);
      this.#sink.removeListener('close', go);
      done();
    };
    this.#sink.once('drain', go);
    this.#sink.once('close', go);
  }
}
