// Sessions of users in browsers, as documents of kind `session`: named by the hash of their secret, with an idle and an absolute limit.
import { isConflict, messageOf } from '../../../shared/errors.ts';
import type { Sealed } from '../../device/credentials.ts';
import { UserError } from '../../errors.ts';
import type { StoredDocument } from '../../store/records.ts';
import { CachedDocuments } from '../common/cached-documents.ts';
import { type DocumentRules, type Documents, documents } from '../common/documents.ts';
import type { AccessContext } from './roles.ts';
import { hashOf } from './tokens.ts';

/** A session ends when nothing was asked with it for this long. */
export const IDLE_MS = 60 * 60_000;
/** A session ends this long after the sign-in, whatever was asked. */
export const ABSOLUTE_MS = 12 * 3_600_000;
/** A session of a user of the identity provider ends this long after the provider has last vouched for it. */
export const UNCHECKED_MS = 60 * 60_000;
/** The last use is stored no more often than this. */
const NOTE_MS = 5 * 60_000;
/** Sessions of one user; the oldest gives way. */
const MAX_OF_USER = 20;

/** The part of a session that the identity provider has given. */
export interface ProvidedSession {
  subject: string;
  /** The time at which the provider has last vouched for the user, milliseconds. */
  checked: number;
  /** Its token by which it is asked again. */
  refreshToken?: Sealed;
  signOutUrl?: string;
}

export interface StoredSession {
  user: string;
  created: number;
  seen: number;
  address: string;
  /** Absent where the user has signed in with a password. */
  provided?: ProvidedSession;
}

export interface Session {
  user: string;
  created: number;
  /** The end, unless it is used before; milliseconds. */
  expires: number;
  /** The URL at which a browser signs out at the identity provider. */
  signOutUrl?: string;
}

export const sessionRules: DocumentRules<StoredSession> = {
  missing: () => new UserError(401, 'unauthorized', 'the session has ended'),
  changeEvent: false,
};

type Known = ReadonlyMap<string, StoredDocument<StoredSession>>;

export const endOf = ({ seen, created, provided }: StoredSession): number =>
  Math.min(
    seen + IDLE_MS,
    created + ABSOLUTE_MS,
    provided ? provided.checked + UNCHECKED_MS : Number.POSITIVE_INFINITY,
  );

function sessionOf(body: StoredSession): Session {
  const { user, created, provided } = body;
  const signOutUrl = provided?.signOutUrl;
  return { user, created, expires: endOf(body), ...(signOutUrl === undefined ? {} : { signOutUrl }) };
}

export class Sessions {
  readonly #context: AccessContext;
  readonly #documents: Documents<StoredSession>;
  readonly #known: CachedDocuments<Known>;
  /** The time of the last use in this process, by name: what is stored follows it. */
  readonly #seen = new Map<string, number>();

  constructor(context: AccessContext) {
    this.#context = context;
    this.#documents = documents(context, 'session', sessionRules);
    this.#known = new CachedDocuments(context.store, 'session', async () => {
      const found = await this.#documents.list();
      return new Map(found.map(document => [document.name, document]));
    });
  }

  /** Begins a session. @returns its secret, which is not kept */
  async begin(
    user: string,
    address: string,
    provided?: ProvidedSession,
  ): Promise<{ secret: string; session: Session }> {
    const { random, clock } = this.#context;
    const now = clock.now();
    await this.#makeRoom(user, now);
    const secret = random.bytes(32).toString('base64url');
    const stored = { user, created: now, seen: now, address, ...(provided ? { provided } : {}) };
    await this.#documents.put(hashOf(secret), stored);
    return { secret, session: sessionOf(stored) };
  }

  /** @param isUse a request shows the secret; false where an open stream looks again @returns the session, unless it has ended */
  async find(secret: string, isUse: boolean): Promise<Session | undefined> {
    const found = (await this.#known.get()).get(hashOf(secret));
    if (!found) return undefined;
    const now = this.#context.clock.now();
    const body = { ...found.body, seen: Math.max(found.body.seen, this.#seen.get(found.name) ?? 0) };
    if (endOf(body) <= now) return undefined;
    if (isUse) await this.#note(found, now);
    return sessionOf(isUse ? { ...body, seen: now } : body);
  }

  /** Ends a session: it is refused at once, everywhere. */
  async end(secret: string): Promise<void> {
    await this.endNamed(hashOf(secret));
  }

  /** Ends the session of that name. */
  async endNamed(name: string): Promise<void> {
    this.#seen.delete(name);
    await this.#documents.remove(name, true);
  }

  async #note(found: StoredDocument<StoredSession>, now: number): Promise<void> {
    this.#seen.set(found.name, now);
    if (now - found.body.seen < NOTE_MS) return;
    try {
      await this.#documents.replace(found.name, { ...found.body, seen: now }, found);
    } catch (error) {
      // Another process has noted it, the session was ended, or the disk is full: none of them refuses this request.
      if (!isConflict(error)) this.#context.log.debug('session use not stored', { reason: messageOf(error) });
    }
  }

  /** Deletes what has ended, and the oldest of a user with too many. */
  async #makeRoom(user: string, now: number): Promise<void> {
    const all = [...(await this.#known.get()).values()];
    const own = all.filter(({ body }) => body.user === user).sort((a, b) => b.body.created - a.body.created);
    const surplus = new Set(own.slice(MAX_OF_USER - 1));
    for (const session of all) {
      if (endOf(session.body) > now && !surplus.has(session)) continue;
      await this.endNamed(session.name);
    }
  }
}
