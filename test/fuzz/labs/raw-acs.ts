// The fuzz as an ACS: answers a session of the gateway with the bytes of a case; a session that comes while there is none is put off.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Marks } from '../marks.ts';
import type { Plan } from '../plan.ts';
import { writePieces } from '../play.ts';
import { within } from '../within.ts';

/** The gateway may be asked for a session so often. */
const ASK_EVERY_MS = 1200;
/** A gateway that begins no session in this time is left alone. */
const BEGIN_MS = 10_000;
/** A session that does not use all answers of its case is given up after this time. */
const PATIENCE_MS = 2500;

const BUSY = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

interface Script {
  plan: Plan;
  next: number;
  done: () => void;
}

export class RawAcs {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #script: Script | undefined;

  private constructor() {
    this.#server = createServer(socket => this.#take(socket));
  }

  static async open(): Promise<RawAcs> {
    const acs = new RawAcs();
    acs.#server.listen(0, '127.0.0.1');
    await once(acs.#server, 'listening');
    return acs;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}/acs`;
  }

  /** @param begin asks the gateway to open a session; it may come by itself, too, as the retry of one that failed */
  async play(plan: Plan, begin: () => Promise<void>): Promise<void> {
    let isDone = false;
    const script: Script = { plan, next: 0, done: () => undefined };
    const played = new Promise<void>(done => {
      script.done = () => {
        isDone = true;
        done();
      };
    });
    this.#script = script;
    for (let waited = 0; waited < BEGIN_MS && script.next === 0 && !isDone; waited += ASK_EVERY_MS) {
      await begin().catch(() => undefined);
      for (let turn = 0; turn < ASK_EVERY_MS / 20 && script.next === 0; turn++) await sleep(20);
    }
    if (script.next > 0) await within(PATIENCE_MS, played);
    this.#script = undefined;
    // The gateway may still wait for the rest of a message.
    for (const socket of this.#open) socket.destroy();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  #take(socket: Socket): void {
    this.#open.add(socket);
    const state = { ended: false };
    let text = '';
    socket.on('error', () => undefined);
    socket.on('close', () => {
      state.ended = true;
      this.#open.delete(socket);
      // A gateway that closes has ended its session.
      if (this.#script && this.#script.next > 0) this.#script.done();
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let length = requestLength(text); length > 0; length = requestLength(text)) {
        void this.#answer(socket, text.slice(0, length), state);
        text = text.slice(length);
      }
    });
  }

  async #answer(socket: Socket, request: string, state: { ended: boolean }): Promise<void> {
    const marks: Marks = new Map([['id', /<[\w-]+:ID[^>]*>([^<]*)</.exec(request)?.[1] ?? '1']]);
    const script = this.#script;
    const send = script?.plan.sends[script.next];
    if (!script || !send) return void socket.write(BUSY);
    script.next++;
    await writePieces(socket, send, marks, state);
    if (script.next < script.plan.sends.length) return;
    const { ending } = script.plan;
    if (ending === 'reset' && !socket.writableEnded) socket.resetAndDestroy();
    else socket.end();
    script.done();
  }
}

/** Bytes of the first request in the text; 0 while it is not complete. */
function requestLength(text: string): number {
  const blank = text.indexOf('\r\n\r\n');
  if (blank < 0) return 0;
  const head = text.slice(0, blank);
  if (/^transfer-encoding: *chunked/im.test(head)) {
    const end = text.indexOf('\r\n0\r\n\r\n', blank);
    return end < 0 ? 0 : end + 7;
  }
  const length = blank + 4 + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  return text.length >= length ? length : 0;
}
