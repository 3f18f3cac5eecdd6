// The control connection of FTP (RFC 959): commands, and replies of one or several lines.
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.ts';
import { TransferError } from './exchange.ts';

export interface Reply {
  code: number;
  text: string;
}

/** Bytes of one reply: a server that never ends it is not borne with. */
const MAX_REPLY = 16 * 1024;

export class FtpControl {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #silenceMs: number;
  #text = '';
  #failed: TransferError | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket, clock: Clock, silenceMs: number) {
    this.#socket = socket;
    this.#clock = clock;
    this.#silenceMs = silenceMs;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#text += text;
      if (this.#text.length > MAX_REPLY) this.fail(new TransferError('protocol', 'a reply of the server does not end'));
      this.#wake?.();
    });
    socket.on('error', error => this.fail(new TransferError('cut', error.message)));
    socket.on('close', () => this.fail(new TransferError('cut', 'the server closed the connection')));
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? '';
  }

  /** Ends the conversation: whoever waits for a reply gets the error. */
  fail(error: TransferError): void {
    this.#failed ??= error;
    this.#socket.destroy();
    this.#wake?.();
  }

  /** @throws TransferError */
  async command(line: string): Promise<Reply> {
    this.#socket.write(`${line}\r\n`, 'utf8');
    return this.reply();
  }

  /** The next reply. @throws TransferError */
  async reply(): Promise<Reply> {
    const timer: Timer = this.#clock.after(this.#silenceMs, () =>
      this.fail(new TransferError('silent', 'the server does not answer')),
    );
    try {
      for (;;) {
        const reply = this.#take();
        if (reply) return reply;
        if (this.#failed) throw this.#failed;
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      timer.cancel();
    }
  }

  /** RFC 959 4.2: `220-…` begins a reply of several lines, which ends with a line that begins with `220 `. */
  #take(): Reply | undefined {
    const lines = this.#text.split('\n');
    const first = /^(\d{3})([ -])/.exec(lines[0] ?? '');
    if (!first) {
      if (lines.length > 1) throw new TransferError('protocol', 'the server does not speak FTP');
      return undefined;
    }
    const last = first[2] === ' ' ? 0 : lines.findIndex((line, at) => at > 0 && line.startsWith(`${first[1]} `));
    if (last < 0 || last >= lines.length - 1) return undefined;
    this.#text = lines.slice(last + 1).join('\n');
    const text = (lines[last] ?? '')
      .slice(4)
      .replace(/[^\x20-\x7e]+/g, ' ')
      .trim();
    return { code: Number(first[1]), text };
  }
}
