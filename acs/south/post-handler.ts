// The path of a POST: to its session, or through authentication and admission into a new one.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuthenticationStep } from './authentication-step.ts';
import { rejectBusy } from './http/answer.ts';
import type { BodyReader } from './http/body.ts';
import { OVERLONG } from './http/bytes.ts';
import { callerOf } from './http/caller.ts';
import { cookiesOf } from './http/cookies.ts';
import { isInform } from './inform.ts';
import { GONE, type SessionForwarding } from './session-forwarding.ts';
import { exchangePost } from './session-post.ts';
import { SessionStart, type SessionStartParts } from './session-start.ts';

export interface PostHandlerParts extends SessionStartParts {
  forwarding: SessionForwarding;
  bodies: BodyReader;
  authentication: AuthenticationStep;
}

export class PostHandler {
  readonly #parts: PostHandlerParts;
  readonly #start: SessionStart;

  constructor(parts: PostHandlerParts) {
    this.#parts = parts;
    this.#start = new SessionStart(parts);
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
      if (caller) await this.#start.begin(request, reply, posted, caller);
      return;
    }
    bodies.forget(request.socket);
    // TR-069 3.7.1.1: one Inform a session; another one means that the CPE has begun a new session. Without our cookie the old session
    // is recognised by its DeviceId alone: one connection may carry several CPEs.
    if (cookiesOf(request.raw).length > 0) session?.exchange.abandon('the CPE began a new session');
    await this.#start.begin(request, reply, posted, callerOf(request, known.proof, known.certificate));
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

  #rejectBusy(reply: FastifyReply): void {
    rejectBusy(reply, this.#parts.admission.retryAfter());
  }
}
