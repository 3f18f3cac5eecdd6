// Authentication of the POSTs that begin a session: a challenge, or the caller and its proof.
import type { TLSSocket } from 'node:tls';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../shared/log.ts';
import { deviceId } from '../fleet/devices/device-id.ts';
import type { Enrolment } from '../fleet/enrolment/enrolment.ts';
import type { Authenticator, AuthResult } from './authenticator.ts';
import { addressOf, type Caller, callerOf, isSecure } from './http/caller.ts';
import { claimedIdentity, isInform } from './inform.ts';
import type { Posted } from './post-stream.ts';

export class AuthenticationStep {
  readonly #authenticator: Authenticator;
  readonly #enrolment: Enrolment;
  readonly #log: Log;
  /** Results of logins that were verified before the body was read. */
  readonly #verified = new WeakMap<FastifyRequest, Promise<AuthResult>>();

  constructor(authenticator: Authenticator, { enrolment, log }: { enrolment: Enrolment; log: Log }) {
    this.#authenticator = authenticator;
    this.#enrolment = enrolment;
    this.#log = log;
  }

  /** Verifies the login of a request before its body is read. @returns true where it proves the sender */
  proves(request: FastifyRequest): boolean | Promise<boolean> {
    if (request.headers.authorization === undefined && !(request.socket as Partial<TLSSocket>).authorized) return false;
    const verified = this.authenticate(request);
    this.#verified.set(request, verified);
    return verified.then(result => result.ok && result.proof.kind !== 'open');
  }

  /** The result of the login, which is verified once for each request. */
  authenticate(request: FastifyRequest): Promise<AuthResult> {
    return this.#verified.get(request) ?? this.#verify(request);
  }

  #verify(request: FastifyRequest): Promise<AuthResult> {
    return this.#authenticator.authenticate({
      authorization: request.headers.authorization,
      method: 'POST',
      uri: request.originalUrl,
      secure: isSecure(request),
      socket: request.socket,
    });
  }

  /** Challenges the sender of a body that is too long to be read before a login is proved. */
  challenge(reply: FastifyReply, denied: Extract<AuthResult, { ok: false }>): void {
    reply.code(401).header('www-authenticate', denied.challenges).send();
  }

  /**
   * Answers 401, unless the device may open one session without credentials.
   * @returns the caller of that one session; undefined when the request is answered
   */
  async deny(
    request: FastifyRequest,
    reply: FastifyReply,
    posted: Posted,
    denied: Extract<AuthResult, { ok: false }>,
  ): Promise<Caller | undefined> {
    const identity = isInform(posted) ? claimedIdentity(posted) : undefined;
    if (identity) {
      if (denied.reason === 'missing' && isSecure(request) && (await this.#enrolment.mayOpen(deviceId(identity))))
        return callerOf(request, { kind: 'open' });
      this.#enrolment.unknownCpes.note(identity, addressOf(request));
    }
    // The first POST of a session usually comes without credentials: only wrong ones are logged.
    if (denied.reason !== 'missing')
      this.#log.warn('CPE authentication failed', { address: addressOf(request), reason: denied.reason });
    this.challenge(reply, denied);
    return undefined;
  }
}
