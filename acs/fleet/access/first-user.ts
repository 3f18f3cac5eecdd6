// The first user: made by whoever has the code that the server writes to its log at a start without users.
import { UserError } from '../../errors.ts';
import type { AccessContext } from './roles.ts';
import type { Sessions } from './sessions.ts';
import { hashOf } from './tokens.ts';
import type { Users } from './users.ts';

/** A code is good for this long. */
export const CODE_MS = 24 * 3_600_000;

export class FirstUser {
  readonly #context: AccessContext;
  readonly #parts: { users: Users; sessions: Sessions };
  /** Held by this process alone: each start makes another one. */
  #offer: { hash: string; until: number } | undefined;

  constructor(context: AccessContext, parts: { users: Users; sessions: Sessions }) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Makes a code. @returns it with its end, milliseconds; undefined where there are users */
  async offer(): Promise<{ code: string; until: number } | undefined> {
    if (await this.#hasUsers()) return undefined;
    const { random, clock } = this.#context;
    const code = random.bytes(32).toString('base64url');
    const until = clock.now() + CODE_MS;
    this.#offer = { hash: hashOf(code), until };
    return { code, until };
  }

  /**
   * Makes the first user, an admin, and begins its session. The code is spent by that alone.
   * @throws UserError 400 for the name or the password; 403 `first-code-wrong`; 409 `first-user-exists`
   */
  async create(
    { code, name, password }: { code: string; name: string; password: string },
    address: string,
  ): Promise<{ secret: string }> {
    const { users, sessions } = this.#parts;
    const offer = this.#offer;
    if (await this.#hasUsers()) throw new UserError(409, 'first-user-exists', 'there are users already; sign in');
    if (!offer || this.#offer !== offer || offer.hash !== hashOf(code) || offer.until <= this.#context.clock.now())
      throw new UserError(403, 'first-code-wrong', 'the code is wrong, spent, or older than a day');
    // The code is spent while the user is made.
    this.#offer = undefined;
    try {
      await users.put(name, { role: 'admin', password });
    } catch (error) {
      this.#offer = offer;
      throw error;
    }
    return await sessions.begin(name, address);
  }

  async #hasUsers(): Promise<boolean> {
    return (await this.#parts.users.list()).length > 0;
  }
}
