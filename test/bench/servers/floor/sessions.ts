// The sessions of a floor: found by a signed cookie or by their connection, ended when idle, told by one line.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FloorParts } from './parts.ts';

export interface Session {
  device: string;
  /** A request is out: the next message is its answer. */
  asked: boolean;
  cookie: string;
  began: number;
  timer: NodeJS.Timeout | undefined;
}

const IDLE_MS = 30_000;
const LOG_MS = 10;

const key = randomBytes(32);
const tagOf = (text: string): string => createHmac('sha256', key).update(text).digest('base64url');

export class Sessions {
  readonly #parts: FloorParts;
  readonly #byCookie = new Map<string, Session>();
  readonly #bySocket = new WeakMap<Socket, Session>();
  #lines: string[] = [];

  constructor(parts: FloorParts) {
    this.#parts = parts;
  }

  begin(device: string, socket: Socket): Session {
    const signed = this.#parts.cookie ? `self.${randomBytes(18).toString('base64url')}` : '1';
    const cookie = this.#parts.cookie ? `${signed}.${tagOf(signed)}` : signed;
    const session: Session = { device, asked: false, cookie, began: performance.now(), timer: undefined };
    if (this.#parts.cookie) this.#byCookie.set(cookie, session);
    else this.#bySocket.set(socket, session);
    this.#wait(session);
    return session;
  }

  /** The session of a request. */
  find({ headers, socket }: IncomingMessage): Session | undefined {
    const session = this.#parts.cookie ? this.#checked(headers.cookie) : this.#bySocket.get(socket);
    if (session) this.#wait(session);
    return session;
  }

  end(session: Session): void {
    clearTimeout(session.timer);
    this.#byCookie.delete(session.cookie);
    if (!this.#parts.log) return;
    const milliseconds = Math.round(performance.now() - session.began);
    const line = { time: new Date().toISOString(), level: 'info', msg: 'session ended', device: session.device };
    this.#lines.push(JSON.stringify({ ...line, outcome: 'ok', milliseconds }));
    // Lines that come close together are written in one call, as the ACS does.
    if (this.#lines.length === 1)
      setTimeout(() => {
        process.stdout.write(`${this.#lines.join('\n')}\n`);
        this.#lines = [];
      }, LOG_MS);
  }

  #checked(header: string | undefined): Session | undefined {
    const cookie = /session=([^;]*)/.exec(header ?? '')?.[1] ?? '';
    const at = cookie.lastIndexOf('.');
    const [tag, good] = [Buffer.from(cookie.slice(at + 1)), Buffer.from(tagOf(cookie.slice(0, at)))];
    return tag.length === good.length && timingSafeEqual(tag, good) ? this.#byCookie.get(cookie) : undefined;
  }

  #wait(session: Session): void {
    if (!this.#parts.timer) return;
    clearTimeout(session.timer);
    session.timer = setTimeout(() => this.#byCookie.delete(session.cookie), IDLE_MS);
  }
}
