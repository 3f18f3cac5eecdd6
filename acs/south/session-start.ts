// The begin of a session, once its caller is authenticated: the places that it needs, and its first message.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ConnectionPlaces } from '../../shared/net/connection-places.ts';
import { untilClosed } from './admission/connection-limit.ts';
import type { SessionPlaces } from './admission/session-places.ts';
import { rejectBusy } from './http/answer.ts';
import { type Caller, isOwnConnection } from './http/caller.ts';
import { setCookie } from './http/cookies.ts';
import { arrivalOf } from './inform.ts';
import type { Posted } from './post-stream.ts';
import { exchangePost, type SessionPostParts } from './session-post.ts';
import type { SessionTable } from './session-table.ts';

export interface SessionStartParts extends SessionPostParts {
  sessions: SessionTable;
  /** Bound of open sessions: further CPEs are asked to come again later. */
  maxSessions: number;
  /** Of the connections. */
  places: ConnectionPlaces;
  sessionPlaces: SessionPlaces;
}

export class SessionStart {
  readonly #parts: SessionStartParts;

  constructor(parts: SessionStartParts) {
    this.#parts = parts;
  }

  async begin(request: FastifyRequest, reply: FastifyReply, posted: Posted, caller: Caller): Promise<void> {
    const { sessions, maxSessions, admission, tracer, places, sessionPlaces } = this.#parts;
    tracer.proved(request, caller);
    const { socket } = request;
    places.prove(socket);
    if (posted === 'empty') {
      reply.code(204).send();
      return;
    }
    const arriving = {
      connection: isOwnConnection(request) ? socket : undefined,
      address: caller.address,
      isShared: caller.proof.kind === 'enrolment',
    };
    if (sessions.size >= maxSessions || !sessionPlaces.hasRoom(arriving)) {
      places.doubt(socket);
      this.#rejectBusy(reply);
      return;
    }
    const untilGone = untilClosed(request.socket);
    const entry = await admission.enter(arrivalOf(posted), untilGone);
    if (entry.outcome !== 'admitted' || !sessionPlaces.hasRoom(arriving)) {
      if (entry.outcome === 'admitted') entry.release();
      places.doubt(socket);
      this.#rejectBusy(reply);
      return;
    }
    // A CPE that closes its connection may return within its session, but its place is free meanwhile. The end of a proxy's connection
    // means nothing.
    const stop = isOwnConnection(request) ? untilGone(entry.release) : undefined;
    const session = sessions.start(request, caller, () => {
      stop?.();
      leave();
      if (!('id' in caller.proof)) places.doubt(socket);
      entry.release();
    });
    const leave = sessionPlaces.add(session.exchange, arriving);
    tracer.sessionBegan(request, session);
    reply.header('set-cookie', setCookie(session.cookie));
    await exchangePost(this.#parts, request, reply, posted, session);
  }

  #rejectBusy(reply: FastifyReply): void {
    rejectBusy(reply, this.#parts.admission.retryAfter());
  }
}
