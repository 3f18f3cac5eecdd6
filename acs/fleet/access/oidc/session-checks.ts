// Checks of running sessions at the identity provider: one that it refuses ends, and the rights of its user follow the claims.
import { messageOf } from '../../../../shared/errors.ts';
import { ThrottledLog } from '../../../../shared/throttled-log.ts';
import { type Documents, documents, retryConflicts } from '../../common/documents.ts';
import type { IdentityProvider, ProvidedUser } from '../../common/ports.ts';
import { endOf, type ProvidedSession, type Sessions, type StoredSession, sessionRules } from '../sessions.ts';
import type { OidcContext } from './oidc-context.ts';
import type { ProvidedUsers } from './provided-users.ts';

/** The provider is asked again about a session in this interval. */
export const CHECK_MS = 5 * 60_000;
/** Sessions that are checked at the same time. */
const AT_ONCE = 8;

interface DueSession {
  name: string;
  user: string;
  provided: ProvidedSession & { refreshToken: string };
}

export class SessionChecks {
  readonly #context: OidcContext;
  readonly #parts: { users: ProvidedUsers; sessions: Sessions };
  readonly #documents: Documents<StoredSession>;
  readonly #throttled: ThrottledLog;

  constructor(context: OidcContext, parts: { users: ProvidedUsers; sessions: Sessions }) {
    this.#context = context;
    this.#parts = parts;
    this.#documents = documents(context, 'session', sessionRules);
    this.#throttled = new ThrottledLog(context.clock);
  }

  /** Asks about the sessions that were not checked for a while. */
  async run(): Promise<void> {
    const provider = this.#context.ports.identityProvider;
    if (!provider) return;
    const due = (await this.#due()).values();
    const work = async (): Promise<void> => {
      for (const session of due) await this.#check(provider, session);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  async #due(): Promise<DueSession[]> {
    const now = this.#context.clock.now();
    return (await this.#documents.list()).flatMap(({ name, body }) => {
      const { refreshToken, ...provided } = body.provided ?? { checked: now };
      const isDue = refreshToken !== undefined && now - provided.checked >= CHECK_MS && endOf(body) > now;
      return isDue && body.provided ? [{ name, user: body.user, provided: { ...body.provided, refreshToken } }] : [];
    });
  }

  async #check(provider: IdentityProvider, { name, user, provided }: DueSession): Promise<void> {
    const { secrets, log } = this.#context;
    const { users, sessions } = this.#parts;
    try {
      const refreshToken = secrets.open(provided.refreshToken);
      const identity = await provider.renew({ subject: provided.subject, refreshToken });
      if (identity) {
        // The token is stored first: where the provider has replaced it, the old one is spent.
        await this.#note(name, { ...provided, ...providedBy({ refreshToken, ...identity }, this.#context) });
        if (identity.claims) await users.regrant(user, identity);
        return;
      }
      await sessions.endNamed(name);
      log.info('session ended by the identity provider', { user });
    } catch (error) {
      // A session stays valid for UNCHECKED_MS, so that a provider that is away ends none at once.
      this.#throttled.write(suppressed =>
        log.warn('session not checked at the identity provider', { user, reason: messageOf(error), ...suppressed }),
      );
    }
  }

  /** A session that was ended meanwhile stays so. */
  async #note(name: string, provided: ProvidedSession): Promise<void> {
    await retryConflicts(async () => {
      const found = await this.#documents.find(name);
      if (found) await this.#documents.replace(name, { ...found.body, provided }, found);
    });
  }
}

/** The part of a session that the provider gives, as it is stored. */
export function providedBy(
  { subject, refreshToken, signOutUrl }: ProvidedUser,
  { clock, secrets }: Pick<OidcContext, 'clock' | 'secrets'>,
): ProvidedSession {
  return {
    subject,
    checked: clock.now(),
    ...(refreshToken === undefined ? {} : { refreshToken: secrets.seal(refreshToken) }),
    ...(signOutUrl === undefined ? {} : { signOutUrl }),
  };
}
