// The control socket of a baresip: netstrings of JSON, commands one after the other, and events.
import { connect, type Socket } from 'node:net';
import { eventually } from '../eventually.ts';

export interface BaresipEvent {
  event?: boolean;
  type?: string;
  accountaor?: string;
  param?: string;
  token?: string;
}

export class BaresipControl {
  /** Events that were not taken yet. */
  readonly events: BaresipEvent[] = [];
  readonly #socket: Socket;
  readonly #answered = new Set<string>();
  #commands = 0;
  #unread = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', chunk => this.#read(String(chunk)));
    socket.on('error', () => socket.destroy());
  }

  /** Undefined where nothing listens yet. */
  static reach(port: number): Promise<BaresipControl | undefined> {
    return new Promise(resolve => {
      const socket = connect(port, '127.0.0.1', () => resolve(new BaresipControl(socket)));
      socket.once('error', () => resolve(undefined));
    });
  }

  /** Resolves when it was carried out: of two commands that lie in its buffer baresip takes one alone. */
  async command(command: string, params: string): Promise<void> {
    this.#commands += 1;
    const token = String(this.#commands);
    const body = JSON.stringify({ command, params, token });
    this.#socket.write(`${Buffer.byteLength(body)}:${body},`);
    await eventually(`baresip has carried out ${command}`, () => this.#answered.has(token), 10_000);
  }

  /** The first event that fits, taken out. */
  take(fits: (event: BaresipEvent) => boolean): BaresipEvent | undefined {
    const at = this.events.findIndex(fits);
    return at < 0 ? undefined : this.events.splice(at, 1)[0];
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#unread += text;
    for (let found = /^(\d+):/.exec(this.#unread); found; found = /^(\d+):/.exec(this.#unread)) {
      const start = found[0].length;
      const end = start + Number(found[1]);
      if (this.#unread.length <= end) return;
      const line = JSON.parse(this.#unread.slice(start, end)) as BaresipEvent;
      if (line.event) this.events.push(line);
      else this.#answered.add(line.token ?? '');
      this.#unread = this.#unread.slice(end + 1);
    }
  }
}
