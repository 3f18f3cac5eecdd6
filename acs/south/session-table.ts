// The open sessions of this process. A POST finds its session by cookie, else by connection.
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { SessionClosed } from '../fleet/common/ports.ts';
import { Exchange } from './exchange.ts';
import { type Caller, isOwnConnection } from './http/caller.ts';
import { type Cookies, cookiesOf } from './http/cookies.ts';
import { runSession } from './session.ts';
import type { SessionContext } from './session-context.ts';

export interface OpenSession {
  readonly exchange: Exchange;
  readonly cookie: string;
  readonly caller: Caller;
  isOver: boolean;
  /** The CPE compresses what it sends, so it can read compressed answers. */
  compresses: boolean;
}

export class SessionTable {
  readonly #context: SessionContext;
  readonly #cookies: Cookies;
  readonly #byCookie = new Map<string, OpenSession>();
  readonly #bySocket = new WeakMap<Socket, OpenSession>();

  constructor(context: SessionContext, cookies: Cookies) {
    this.#context = context;
    this.#cookies = cookies;
  }

  get size(): number {
    return this.#byCookie.size;
  }

  /** @param release called once, when the session is over */
  start(request: FastifyRequest, caller: Caller, release: () => void): OpenSession {
    const { clock, events } = this.#context;
    const exchange: Exchange = new Exchange(clock, rpc => {
      if (rpc.fault !== undefined) exchange.counts.fault = rpc.fault;
      events.emit('rpc', { device: exchange.device, ...rpc });
    });
    const session: OpenSession = {
      exchange,
      cookie: this.#cookies.issue(),
      caller,
      isOver: false,
      compresses: false,
    };
    this.#byCookie.set(session.cookie, session);
    this.#bySocket.set(request.socket, session);
    // The one promise that is not awaited: a session answers through its exchange, never throws, and ends by itself.
    void runSession(exchange, caller, this.#context).finally(() => {
      session.isOver = true;
      this.#byCookie.delete(session.cookie);
      release();
    });
    return session;
  }

  /** A CPE that sends a cookie of ours is found by it alone; by its connection only where that carries no other CPE. */
  find(request: FastifyRequest): OpenSession | undefined {
    const cookies = cookiesOf(request.raw);
    const session = cookies.length
      ? cookies.map(cookie => this.#byCookie.get(cookie)).find(Boolean)
      : isOwnConnection(request)
        ? this.#bySocket.get(request.socket)
        : undefined;
    return session && !session.isOver ? session : undefined;
  }

  abandonAll(reason: string): void {
    for (const { exchange } of this.#byCookie.values()) exchange.abandon(new SessionClosed(reason));
  }
}
