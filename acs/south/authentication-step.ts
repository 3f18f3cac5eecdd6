// Authentication of the POSTs that begin a session: a challenge, or the caller and its proof.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../shared/log.ts';
import { deviceId } from '../fleet/devices/device-id.ts';
import type { Enrolment } from '../fleet/enrolment/enrolment.ts';
import type { Authenticator, AuthResult } from './authenticator.ts';
import { addressOf, type Caller, callerOf, isSecure } from './http/caller.ts';
import { identityOf, isInform } from './inform.ts';
import type { Posted } from './post-stream.ts';

export class AuthenticationStep {
  readonly #authenticator: Authenticator;
  readonly #enrolment: Enrolment;
  readonly #log: Log;

  constructor(authenticator: Authenticator, { enrolment, log }: { enrolment: Enrolment; log: Log }) {
    this.#authenticator = authenticator;
    this.#enrolment = enrolment;
    this.#log = log;
  }

  authenticate(request: FastifyRequest): Promise<AuthResult> {
    return this.#authenticator.authenticate({
      authorization: request.headers.authorization,
      method: 'POST',
      uri: request.originalUrl,
      secure: isSecure(request),
      socket: request.socket,
    });
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
    if (isInform(posted)) {
      const identity = identityOf(posted.body.args);
      if (denied.reason === 'missing' && isSecure(request) && (await this.#enrolment.mayOpen(deviceId(identity))))
        return callerOf(request, { kind: 'open' });
      this.#enrolment.unknownCpes.note(identity, addressOf(request));
    }
    // The first POST of a session usually comes without credentials: only wrong ones are logged.
    if (denied.reason !== 'missing')
      this.#log.warn('CPE authentication failed', { address: addressOf(request), reason: denied.reason });
    reply.code(401).header('www-authenticate', denied.challenges).send();
    return undefined;
  }
}
