// Calls over one connection, either way: each has a number, its answer carries it.
import type { Socket } from 'node:net';
import type { Clock, Random } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { type Frames, openFrames } from './frames.ts';
import { decodeMessage, encodeMessage, type Message } from './message.ts';

/** What is done when the other side calls. What it resolves with, or throws, is the answer. */
export type Answer = (what: string, data: unknown, from: string) => Promise<unknown>;

export interface Link {
  /** The member at the other end. */
  readonly peer: string;
  /** @throws what the other side throws, or an Error when the answer does not come */
  call(what: string, data: unknown, ms: number): Promise<unknown>;
  tell(what: string, data: unknown): void;
  close(): void;
}

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

interface Hello {
  from: string;
  to: string;
}

/** The other side has shown by then who it is. */
const GREETING_MS = 3_000;

/** @param to the member that is called; of who is called, nobody yet. @throws Error when it is not that member, or not one of us */
export function openLink(socket: Socket, to: string | undefined, options: LinkOptions): Promise<Link> {
  const { self, clock, log, answer } = options;
  const waiting = new Map<number, { resolve(data: unknown): void; reject(error: Error): void }>();
  let frames: Frames | undefined;
  let peer = to;
  let sequence = 0;
  let over: Error | undefined;

  const send = (message: Message): void => frames?.send(encodeMessage(message));
  const serve = async (id: number | undefined, what: string, data: unknown): Promise<void> => {
    try {
      const answered = await answer(what, data, peer ?? '');
      if (id !== undefined) send({ type: 'answer', id, data: answered });
    } catch (error) {
      if (id === undefined) log.debug('not done for another process', { what, reason: messageOf(error) });
      else send({ type: 'failure', id, error: error instanceof Error ? error : new Error(String(error)) });
    }
  };
  const settle = (message: Extract<Message, { type: 'answer' | 'failure' }>): void => {
    const caller = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === 'answer') caller?.resolve(message.data);
    else caller?.reject(message.error);
  };

  return new Promise((resolve, reject) => {
    const link: Omit<Link, 'peer'> = {
      call: (what, data, ms) =>
        new Promise((resolveCall, rejectCall) => {
          if (over) return rejectCall(over);
          const id = ++sequence;
          const timer = clock.after(ms, () => {
            waiting.delete(id);
            rejectCall(new Error(`${what}: no answer within ${ms / 1000} s`));
          });
          const done =
            <T>(settleCall: (value: T) => void) =>
            (value: T): void => {
              timer.cancel();
              settleCall(value);
            };
          waiting.set(id, { resolve: done(resolveCall), reject: done(rejectCall) });
          send({ type: 'call', id, what, data });
        }),
      tell: (what, data) => send({ type: 'tell', what, data }),
      close: () => frames?.close(),
    };
    const greeting = clock.after(GREETING_MS, () => socket.destroy(new Error('no greeting')));
    const greeted = (from: string): void => {
      greeting.cancel();
      peer = from;
      greet = undefined;
      resolve({ ...link, peer: from });
    };
    /** The first message either way says who speaks, and whom it takes the other for. */
    let greet: ((plain: Buffer) => void) | undefined = plain => {
      const hello = JSON.parse(plain.toString('utf8')) as Hello;
      if (hello.to !== self || (to !== undefined && hello.from !== to))
        throw new Error(`${hello.from} looks for ${hello.to}, and this is ${self}`);
      if (to === undefined) frames?.send(Buffer.from(JSON.stringify({ from: self, to: hello.from } satisfies Hello)));
      greeted(hello.from);
    };
    openFrames(socket, to === undefined ? 'called' : 'caller', options, {
      opened: opened => {
        frames = opened;
        if (to !== undefined) opened.send(Buffer.from(JSON.stringify({ from: self, to } satisfies Hello)));
      },
      received: plain => {
        if (greet) return greet(plain);
        const message = decodeMessage(plain);
        if (message.type === 'call') void serve(message.id, message.what, message.data);
        else if (message.type === 'tell') void serve(undefined, message.what, message.data);
        else settle(message);
      },
      closed: reason => {
        greeting.cancel();
        over = new Error(`${peer ?? 'the other process'}: ${reason}`);
        reject(over);
        for (const caller of waiting.values()) caller.reject(over);
        waiting.clear();
        options.closed();
      },
    });
  });
}
