// Calls over one connection, in both directions: each call has a number, and its answer carries it.
import type { Socket } from 'node:net';
import type { Clock, Random, Timer } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { type Frames, openFrames } from './frames.ts';
import { hello, readHello } from './handshake.ts';
import { decodeMessage, encodeMessage, type Message } from './message.ts';

/** Carries out a call of the other side. Its result, or what it throws, is the answer. */
export type Answer = (what: string, data: unknown, from: string) => Promise<unknown>;

export interface LinkOptions {
  self: string;
  key: Buffer;
  clock: Clock;
  random: Random;
  log: Log;
  answer: Answer;
  /** Called once, when the connection is over. */
  closed: () => void;
}

/** The time within which the other side must have shown which member it is. */
const GREETING_MS = 3_000;

/**
 * @param to the member that is called; undefined on the called side
 * @throws Error when the other side is not that member, or has not the key
 */
export function openLink(socket: Socket, to: string | undefined, options: LinkOptions): Promise<Link> {
  const { self, clock } = options;
  return new Promise((resolve, reject) => {
    const greeting = clock.after(GREETING_MS, () => socket.destroy(new Error('no greeting')));
    let frames: Frames | undefined;
    let link: Link | undefined;
    openFrames(socket, to === undefined ? 'called' : 'caller', options, {
      opened: opened => {
        frames = opened;
        if (to !== undefined) opened.send(hello(self, to));
      },
      received: plain => {
        if (link) return link.receive(plain);
        if (!frames) return;
        const peer = readHello(plain, self, to);
        if (to === undefined) frames.send(hello(self, peer));
        greeting.cancel();
        link = new Link(peer, frames, options);
        resolve(link);
      },
      closed: reason => {
        greeting.cancel();
        const over = new Error(`${link?.peer ?? to ?? 'the other process'}: ${reason}`);
        reject(over);
        link?.end(over);
        options.closed();
      },
    });
  });
}

interface Caller {
  resolve(data: unknown): void;
  reject(error: Error): void;
}

/** Settles a call and ends its time limit. */
const within =
  <T>(timer: Timer, settle: (value: T) => void) =>
  (value: T): void => {
    timer.cancel();
    settle(value);
  };

export class Link {
  /** The member at the other end. */
  readonly peer: string;
  readonly #frames: Frames;
  readonly #options: LinkOptions;
  readonly #callers = new Map<number, Caller>();
  #sequence = 0;
  #over: Error | undefined;

  constructor(peer: string, frames: Frames, options: LinkOptions) {
    this.peer = peer;
    this.#frames = frames;
    this.#options = options;
  }

  /** @throws what the other side throws, or an Error when there is no answer within `ms` */
  call(what: string, data: unknown, ms: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(this.#over);
      const id = ++this.#sequence;
      const timer = this.#options.clock.after(ms, () => {
        this.#callers.delete(id);
        reject(new Error(`${what}: no answer within ${ms / 1000} s`));
      });
      this.#callers.set(id, { resolve: within(timer, resolve), reject: within(timer, reject) });
      this.#send({ type: 'call', id, what, data });
    });
  }

  /** Calls without waiting for an answer. */
  tell(what: string, data: unknown): void {
    this.#send({ type: 'tell', what, data });
  }

  close(): void {
    this.#frames.close();
  }

  /** Takes the next message of the other side. */
  receive(plain: Buffer): void {
    const message = decodeMessage(plain);
    if (message.type === 'call') void this.#answer(message.id, message.what, message.data);
    else if (message.type === 'tell') void this.#answer(undefined, message.what, message.data);
    else this.#settle(message);
  }

  /** Fails all calls that wait, and all later ones. */
  end(error: Error): void {
    this.#over = error;
    for (const caller of this.#callers.values()) caller.reject(error);
    this.#callers.clear();
  }

  #send(message: Message): void {
    this.#frames.send(encodeMessage(message));
  }

  /** @param id absent for a call that wants no answer */
  async #answer(id: number | undefined, what: string, data: unknown): Promise<void> {
    const { answer, log } = this.#options;
    try {
      const result = await answer(what, data, this.peer);
      if (id !== undefined) this.#send({ type: 'answer', id, data: result });
    } catch (error) {
      if (id === undefined) log.debug('remote call failed', { what, from: this.peer, reason: messageOf(error) });
      else this.#send({ type: 'failure', id, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  #settle(message: Extract<Message, { type: 'answer' | 'failure' }>): void {
    const caller = this.#callers.get(message.id);
    this.#callers.delete(message.id);
    if (message.type === 'answer') caller?.resolve(message.data);
    else caller?.reject(message.error);
  }
}
