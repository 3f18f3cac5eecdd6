// The path of a POST: to its session, or through authentication and admission into a new one.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ConnectionPlaces } from '../../shared/net/connection-places.ts';
import { untilClosed } from './admission/connection-limit.ts';
import type { AuthenticationStep } from './authentication-step.ts';
import { rejectBusy } from './http/answer.ts';
import type { BodyReader } from './http/body.ts';
import { OVERLONG } from './http/bytes.ts';
import { type Caller, callerOf, isOwnConnection } from './http/caller.ts';
import { cookiesOf, setCookie } from './http/cookies.ts';
import { isInform, retryCountOf } from './inform.ts';
import type { Posted } from './post-stream.ts';
import { GONE, type SessionForwarding } from './session-forwarding.ts';
import { exchangePost, type SessionPostParts } from './session-post.ts';
import type { SessionTable } from './session-table.ts';

export interface PostHandlerParts extends SessionPostParts {
  sessions: SessionTable;
  /** Bound of open sessions: further CPEs are asked to come again later. */
  maxSessions: number;
  forwarding: SessionForwarding;
  bodies: BodyReader;
  authentication: AuthenticationStep;
  /** Of the connections. */
  places: ConnectionPlaces;
}

export class PostHandler {
  readonly #parts: PostHandlerParts;

  constructor(parts: PostHandlerParts) {
    this.#parts = parts;
  }

  /** Answers a POST that came from a CPE. */
  async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { sessions, forwarding, bodies, authentication, isServing } = this.#parts;
    const session = sessions.find(request);
    const owner = session ? undefined : forwarding.ownerOf(request);
    if (owner !== undefined && (await forwarding.handOver(request, reply, owner))) return;
    const posted = await bodies.read(
      request,
      reply,
      session,
      session !== undefined || (await authentication.proves(request)),
    );
    if (posted === undefined) return;
    if (posted === OVERLONG) {
      await this.#refuseOverlong(request, reply);
      return;
    }
    if (session && !isInform(posted)) {
      await exchangePost(this.#parts, request, reply, posted, session);
      return;
    }
    if (!isServing()) {
      this.#rejectBusy(reply);
      return;
    }
    const known = await authentication.authenticate(request);
    if (!known.ok) {
      const caller = await authentication.deny(request, reply, posted, known);
      if (caller) await this.#begin(request, reply, posted, caller);
      return;
    }
    bodies.forget(request.socket);
    // TR-069 3.7.1.1: one Inform a session; another one means that the CPE has begun a new session. Without our cookie the old session
    // is recognised by its DeviceId alone: one connection may carry several CPEs.
    if (cookiesOf(request.raw).length > 0) session?.exchange.abandon('the CPE began a new session');
    await this.#begin(request, reply, posted, callerOf(request, known.proof, known.certificate));
  }

  /** Answers a POST that another process forwarded. It never begins a session. */
  async handleForwarded(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const session = this.#parts.sessions.find(request);
    if (!session) {
      reply.code(GONE).send();
      return;
    }
    const posted = await this.#parts.bodies.read(request, reply, session, true);
    if (posted !== undefined && posted !== OVERLONG) await exchangePost(this.#parts, request, reply, posted, session);
  }

  /** A CPE whose Inform is too long for a stranger proves its login first: the challenge needs nothing of the body. */
  async #refuseOverlong(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { authentication } = this.#parts;
    const known = await authentication.authenticate(request);
    if (known.ok) reply.code(413).header('connection', 'close').send();
    else authentication.challenge(reply, known);
  }

  async #begin(request: FastifyRequest, reply: FastifyReply, posted: Posted, caller: Caller): Promise<void> {
    const { sessions, maxSessions, admission, tracer, places } = this.#parts;
    tracer.proved(request, caller);
    const { socket } = request;
    places.prove(socket);
    if (posted === 'empty') {
      reply.code(204).send();
      return;
    }
    if (sessions.size >= maxSessions) {
      this.#rejectBusy(reply);
      return;
    }
    const untilGone = untilClosed(request.socket);
    const entry = await admission.enter(retryCountOf(posted), untilGone);
    if (entry.outcome !== 'admitted') {
      places.doubt(socket);
      this.#rejectBusy(reply);
      return;
    }
    // A CPE that closes its connection may return within its session, but its place is free meanwhile. The end of a proxy's connection
    // means nothing.
    const stop = isOwnConnection(request) ? untilGone(entry.release) : undefined;
    const session = sessions.start(request, caller, () => {
      stop?.();
      if (!('id' in caller.proof)) places.doubt(socket);
      entry.release();
    });
    tracer.sessionBegan(request, session);
    reply.header('set-cookie', setCookie(session.cookie));
    await exchangePost(this.#parts, request, reply, posted, session);
  }

  #rejectBusy(reply: FastifyReply): void {
    rejectBusy(reply, this.#parts.admission.retryAfter());
  }
}
