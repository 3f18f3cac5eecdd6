// Signing in with name and password: guesses are answered more slowly each time, by name and by address, as those of CPEs.
import { UserError } from '../../errors.ts';
import { GuessLimit } from './guess-limit.ts';
import { checkPassword } from './password.ts';
import type { AccessContext } from './roles.ts';
import type { Session, Sessions } from './sessions.ts';
import type { Users } from './users.ts';

export class SignIns {
  readonly #guesses: GuessLimit;
  readonly #parts: { users: Users; sessions: Sessions };

  constructor(context: AccessContext, parts: { users: Users; sessions: Sessions }) {
    this.#guesses = new GuessLimit(context);
    this.#parts = parts;
  }

  /**
   * Begins a session. A wrong name costs the same work as a wrong password, and gets the same answer.
   * @throws UserError 401 `sign-in-failed`; 429 `too-many-guesses` where it was not checked
   */
  async begin(
    login: { name: string; password: string },
    address: string,
  ): Promise<{ secret: string; session: Session }> {
    await this.check(login, address);
    return await this.#parts.sessions.begin(login.name, address);
  }

  /** Checks a login that comes with a request of its own. @throws UserError as `begin` */
  async check({ name, password }: { name: string; password: string }, address: string): Promise<void> {
    if (!(await this.#isRight(name, password, address)))
      throw new UserError(401, 'sign-in-failed', 'the name or the password is wrong, or the user is disabled');
  }

  /**
   * Replaces the password of a user that gives the current one: all its sessions end, and a new one begins.
   * @throws UserError 400 `bad-password`; 403 `wrong-password`; 429 `too-many-guesses` where it was not checked
   */
  async changePassword(
    { name, password, newPassword }: { name: string; password: string; newPassword: string },
    address: string,
  ): Promise<{ secret: string; session: Session }> {
    const { users, sessions } = this.#parts;
    checkPassword(newPassword, 'body.newPassword');
    if (!(await this.#isRight(name, password, address)))
      throw new UserError(403, 'wrong-password', 'body.password: is not the current password');
    await users.patch(name, { password: newPassword });
    return await sessions.begin(name, address);
  }

  /** @throws UserError 429 where it was not checked */
  async #isRight(name: string, password: string, address: string): Promise<boolean> {
    const verify = async (): Promise<boolean> => await this.#parts.users.verify(name, password);
    const isGood = await this.#guesses.check({ address, login: name }, verify, good => ({
      isGood: good,
      isWrong: !good,
    }));
    if (isGood === undefined)
      throw new UserError(429, 'too-many-guesses', 'too many wrong passwords from this address or for this name');
    return isGood;
  }
}
