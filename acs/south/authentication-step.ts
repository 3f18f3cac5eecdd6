// Authentication of the POSTs that begin a session: a challenge, or the caller and its proof.
import type { TLSSocket } from 'node:tls';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { parseCredentials } from '../../shared/net/credentials.ts';
import { ThrottledLog } from '../../shared/throttled-log.ts';
import type { Checked, GuessLimit } from '../fleet/access/guess-limit.ts';
import { deviceId } from '../fleet/devices/device-id.ts';
import type { Enrolment } from '../fleet/enrolment/enrolment.ts';
import type { Authenticator, AuthResult } from './authenticator.ts';
import { rejectBusy } from './http/answer.ts';
import { addressOf, type Caller, callerOf, isSecure } from './http/caller.ts';
import { claimedIdentity, isInform } from './inform.ts';
import type { Posted } from './post-stream.ts';

export interface AuthenticationParts {
  enrolment: Enrolment;
  guesses: GuessLimit;
  clock: Clock;
  log: Log;
}

/** Seconds after which a CPE comes again whose password was not checked. */
const RETRY_AFTER_S = 30;

const judged = (result: AuthResult): Checked => ({
  isGood: result.ok && result.proof.kind !== 'open',
  isWrong: !result.ok && result.reason === 'wrong',
});

/** One line a minute for each address and reason: a stranger can fail at any rate. */
class FailureLog {
  readonly #log: Log;
  readonly #throttled: ThrottledLog;

  constructor(clock: Clock, log: Log) {
    this.#log = log;
    this.#throttled = new ThrottledLog(clock);
  }

  write(address: string, reason: string): void {
    this.#throttled.write(
      suppressed => this.#log.warn('CPE authentication failed', { address, reason, ...suppressed }),
      `${address} ${reason}`,
    );
  }
}

export class AuthenticationStep {
  readonly #authenticator: Authenticator;
  readonly #enrolment: Enrolment;
  readonly #guesses: GuessLimit;
  readonly #failures: FailureLog;
  /** Results of logins that were verified before the body was read. */
  readonly #verified = new WeakMap<FastifyRequest, Promise<AuthResult>>();

  constructor(authenticator: Authenticator, parts: AuthenticationParts) {
    const { enrolment, guesses, log, clock } = parts;
    this.#authenticator = authenticator;
    this.#enrolment = enrolment;
    this.#guesses = guesses;
    this.#failures = new FailureLog(clock, log);
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

  async #verify(request: FastifyRequest): Promise<AuthResult> {
    const { authorization } = request.headers;
    const login = authorization === undefined ? undefined : parseCredentials(authorization)?.username;
    if (login === undefined) return await this.#check(request);
    const result = await this.#guesses.check(
      { address: addressOf(request), login },
      () => this.#check(request),
      judged,
    );
    return result ?? { ok: false, reason: 'unchecked', challenges: [] };
  }

  #check(request: FastifyRequest): Promise<AuthResult> {
    return this.#authenticator.authenticate({
      authorization: request.headers.authorization,
      method: 'POST',
      secure: isSecure(request),
      socket: request.socket,
    });
  }

  /** Challenges the sender of a body that is too long to be read before a login is proved. */
  challenge(reply: FastifyReply, denied: Extract<AuthResult, { ok: false }>): void {
    if (denied.challenges.length > 0) reply.code(401).header('www-authenticate', denied.challenges).send();
    else rejectBusy(reply, RETRY_AFTER_S);
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
      this.#enrolment.unknownCpes.note(identity, addressOf(request), denied.reason);
    }
    // The first POST of a session usually comes without credentials: only wrong ones are logged.
    if (denied.reason !== 'missing') this.#failures.write(addressOf(request), denied.reason);
    this.challenge(reply, denied);
    return undefined;
  }
}
