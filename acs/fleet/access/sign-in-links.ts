// Links that sign a user in once, without a password.
import { UserError } from '../../errors.ts';
import { CODE_MS } from './first-user.ts';
import type { AccessContext } from './roles.ts';
import type { Sessions } from './sessions.ts';
import { hashOf } from './tokens.ts';
import type { Users } from './users.ts';

const MOST = 1000;

interface Link {
  user: string;
  until: number;
}

export class SignInLinks {
  readonly #context: AccessContext;
  readonly #parts: { users: Users; sessions: Sessions };
  /** By the hash of their codes; held by this process alone. */
  readonly #links = new Map<string, Link>();

  constructor(context: AccessContext, parts: { users: Users; sessions: Sessions }) {
    this.#context = context;
    this.#parts = parts;
  }

  /**
   * Makes a link for a user; an older one of the same user ends.
   * @returns its code, and its end in milliseconds
   * @throws UserError 404 for an unknown user; 409 `too-many-links`
   */
  async offer(user: string): Promise<{ code: string; until: number }> {
    await this.#parts.users.get(user);
    const { random, clock } = this.#context;
    for (const [hash, link] of this.#links)
      if (link.user === user || link.until <= clock.now()) this.#links.delete(hash);
    if (this.#links.size >= MOST) throw new UserError(409, 'too-many-links', `there are ${MOST} unused links already`);
    const code = random.bytes(32).toString('base64url');
    const until = clock.now() + CODE_MS;
    this.#links.set(hashOf(code), { user, until });
    return { code, until };
  }

  /**
   * Begins a session by a link, which is spent by that.
   * @throws UserError 403 `link-wrong`, also for a user that is gone or disabled
   */
  async redeem(code: string, address: string): Promise<{ name: string; secret: string }> {
    const hash = hashOf(code);
    const link = this.#links.get(hash);
    this.#links.delete(hash);
    const { users, sessions } = this.#parts;
    const isGood = link !== undefined && link.until > this.#context.clock.now();
    if (!isGood || !(await users.grantOf(link.user)))
      throw new UserError(403, 'link-wrong', 'the link is wrong, spent, or older than a day');
    const { secret } = await sessions.begin(link.user, address);
    return { name: link.user, secret };
  }
}
