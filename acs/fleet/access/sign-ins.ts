// Signing in with name and password: guesses are answered more slowly each time, by name and by address, as those of CPEs.
import { UserError } from '../../errors.ts';
import { GuessLimit } from './guess-limit.ts';
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
    { name, password }: { name: string; password: string },
    address: string,
  ): Promise<{ secret: string; session: Session }> {
    const { users, sessions } = this.#parts;
    const verify = async (): Promise<boolean> => await users.verify(name, password);
    const isGood = await this.#guesses.check({ address, login: name }, verify, good => ({
      isGood: good,
      isWrong: !good,
    }));
    if (isGood === undefined)
      throw new UserError(429, 'too-many-guesses', 'too many wrong passwords from this address or for this name');
    if (!isGood)
      throw new UserError(401, 'sign-in-failed', 'the name or the password is wrong, or the user is disabled');
    return await sessions.begin(name, address);
  }
}
