// Logins to the manager: the password, whose guesses are bounded, and the cookie of a session.
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { sameText } from '../../shared/net/verifier.ts';
import { GuessLimit } from '../policy/guess-limit.ts';
import { type Session, Sessions } from './sessions.ts';

const COOKIE = '__Host-pbx-manager';
const COOKIE_RULES = 'Path=/; Secure; HttpOnly; SameSite=Strict';
/** Number that wrong passwords are counted for. */
const GUESSED = 'manager';

/** Cookie that the browser is to keep, or why there is none. */
export type Login = { cookie: string } | { status: 403 | 429; problem: string };

export class Logins {
  readonly #password: string;
  readonly #log: Log;
  readonly #sessions: Sessions;
  readonly #guesses: GuessLimit;

  constructor({ password, log, clock, random }: { password: string; log: Log; clock: Clock; random: Random }) {
    this.#password = password;
    this.#log = log;
    this.#sessions = new Sessions({ clock, random });
    this.#guesses = new GuessLimit(clock);
  }

  login(password: string, ip: string): Login {
    if (this.#guesses.isOver(GUESSED, ip))
      return { status: 429, problem: 'Too many wrong passwords. Try again in five minutes.' };
    if (!sameText(password, this.#password)) {
      this.#guesses.wrong(GUESSED, ip);
      this.#log.warn('manager login refused', { ip });
      return { status: 403, problem: 'The password is wrong.' };
    }
    this.#guesses.right(GUESSED, ip);
    this.#log.info('manager login', { ip });
    return { cookie: `${COOKIE}=${this.#sessions.open()}; ${COOKIE_RULES}` };
  }

  /** The session of a request, by its header Cookie. */
  sessionOf(cookies: string | undefined): Session | undefined {
    return this.#sessions.use(secretOf(cookies));
  }

  /** @returns the cookie that ends the one in the browser */
  logout(cookies: string | undefined): string {
    this.#sessions.close(secretOf(cookies));
    return `${COOKIE}=; ${COOKIE_RULES}; Max-Age=0`;
  }
}

function secretOf(cookies = ''): string {
  const found = cookies.split('; ').find(one => one.startsWith(`${COOKIE}=`));
  return found?.slice(COOKIE.length + 1) ?? '';
}
