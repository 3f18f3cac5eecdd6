// The fuzz as a server of datagrams (DHCP, SNTP): each question of the target is answered by all cases that wait, then by a valid answer.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '../plan.ts';
import { asAnswerTo } from '../targets/gateway-answers.ts';
import { within } from '../within.ts';

/** Milliseconds before the valid answer. */
const VALID_AFTER_MS = 60;
/** A case that is asked nothing in this time is given up. */
const PATIENCE_MS = 8000;

export interface DatagramServerOptions {
  kind: 'dhcp' | 'sntp';
  /** @returns the number of an answer in a case, the valid answer, and whether the question is the last of an exchange */
  questionOf(bytes: Buffer): { at: number; valid: Buffer; isLast: boolean } | undefined;
}

export class DatagramServer {
  readonly #socket: Socket;
  readonly #options: DatagramServerOptions;
  readonly #waiting = new Map<Plan, () => void>();

  private constructor(socket: Socket, options: DatagramServerOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('message', (bytes, from) => void this.#answer(bytes, from));
    socket.on('error', () => undefined);
  }

  static async open(options: DatagramServerOptions): Promise<DatagramServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DatagramServer(socket, options);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Cases wait for a question. */
  get isWanted(): boolean {
    return this.#waiting.size > 0;
  }

  async play(plan: Plan): Promise<void> {
    const played = new Promise<void>(resolve => this.#waiting.set(plan, resolve));
    await within(PATIENCE_MS, played);
    this.#waiting.delete(plan);
  }

  close(): void {
    this.#socket.close();
  }

  async #answer(bytes: Buffer, { address, port }: { address: string; port: number }): Promise<void> {
    const question = this.#options.questionOf(bytes);
    if (!question) return;
    const send = (answer: Buffer): void => void this.#socket.send(answer, port, address, () => undefined);
    for (const [{ sends }, done] of this.#waiting) {
      const chosen = sends[question.at] ?? sends[0];
      // Half of a mutated answer is still one to this question: its transaction is filled in where its place is.
      if (chosen && chosen.bytes.length >= 48) send(asAnswerTo(bytes, chosen.bytes, this.#options.kind));
      else if (chosen) send(chosen.bytes);
      if (question.isLast) done();
    }
    await sleep(VALID_AFTER_MS);
    try {
      send(asAnswerTo(bytes, question.valid, this.#options.kind));
    } catch {
      return; // It was closed meanwhile.
    }
  }
}
