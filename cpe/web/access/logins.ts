// Logins at the unit's pages: a form with a token of its own, and wrong passwords that are answered late.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemRandom } from '../../../shared/clock.ts';
import { type Account, signIn } from '../../services/aaa.ts';
import type { Unit } from '../../services/service.ts';
import { cookie, cookieOf } from './request.ts';
import { isToken } from './sessions.ts';

/** Milliseconds until a wrong password is answered. */
const DELAY = 1000;
/** Late answers that one address waits for, and all together; further logins are refused at once, without a look at the password. */
const MAX_WAITING = { ofOne: 4, ofAll: 200 } as const;

type Outcome = { account: Account } | { said: string; status: 401 | 403 | 429 };

export class Logins {
  readonly #unit: Unit;
  readonly #random = systemRandom();
  /** Late answers by address. */
  readonly #waiting = new Map<string, number>();

  constructor(unit: Unit) {
    this.#unit = unit;
  }

  /** The token of the form that is shown next: the same one is in a cookie, which other sites can neither read nor set. */
  offer(request: IncomingMessage, response: ServerResponse, isSecure: boolean): string {
    const known = cookieOf(this.#unit, request, 'unit-login', isSecure);
    if (known !== undefined) return known;
    const token = this.#random.bytes(32).toString('base64url');
    response.appendHeader('Set-Cookie', cookie(this.#unit, 'unit-login', token, isSecure));
    return token;
  }

  async attempt(request: IncomingMessage, fields: URLSearchParams, isSecure: boolean): Promise<Outcome> {
    const token = cookieOf(this.#unit, request, 'unit-login', isSecure);
    if (token === undefined || !isToken(fields.get('token'), token)) {
      return { said: 'The login page is out of date; try again.', status: 403 };
    }
    const outcome = await this.check(request, fields.get('user') ?? '', fields.get('password') ?? '');
    if ('account' in outcome) {
      const { name, rights } = outcome.account;
      this.#unit.log.info('login at the pages of the unit', { user: name, rights });
    }
    return outcome;
  }

  /** Checks a name and a password. */
  async check({ socket }: IncomingMessage, user: string, password: string): Promise<Outcome> {
    const from = socket.remoteAddress ?? '';
    const waiting = this.#waiting.get(from) ?? 0;
    if (waiting >= MAX_WAITING.ofOne || this.#waiting.size >= MAX_WAITING.ofAll)
      return { said: 'Too many logins fail at the moment; try again later.', status: 429 };
    const outcome = signIn(this.#unit, user, password);
    if (outcome.ok) {
      return { account: outcome.account };
    }
    this.#waiting.set(from, waiting + 1);
    try {
      await this.#unit.clock.sleep(DELAY);
    } finally {
      const left = (this.#waiting.get(from) ?? 1) - 1;
      if (left > 0) this.#waiting.set(from, left);
      else this.#waiting.delete(from);
    }
    const said =
      outcome.reason === 'locked'
        ? 'This account is locked after too many wrong passwords; try again later.'
        : 'The user name or the password is wrong.';
    return { said, status: 401 };
  }

  enter(response: ServerResponse, secret: string, isSecure: boolean): void {
    response.appendHeader('Set-Cookie', cookie(this.#unit, 'unit', secret, isSecure));
    response.appendHeader('Set-Cookie', cookie(this.#unit, 'unit-login', '', isSecure));
  }

  leave(response: ServerResponse, isSecure: boolean): void {
    response.appendHeader('Set-Cookie', cookie(this.#unit, 'unit', '', isSecure));
  }
}
