// The last use of API tokens: noted in their documents, seldom, so that a request seldom writes.
import { isConflict, messageOf } from '../../../shared/errors.ts';
import type { Documents } from '../common/documents.ts';
import type { Grant } from './grant.ts';
import type { AccessContext } from './roles.ts';

export interface StoredToken extends Grant {
  /** base64url. */
  hash: string;
  created: number;
  expires?: number;
  lastUsed?: number;
  /** The principal that made it. */
  by: string;
}

/** The last use is stored no more often than this. */
const USE_MS = 10 * 60_000;

export class TokenUses {
  readonly #context: AccessContext;
  readonly #documents: Documents<StoredToken>;
  /** The time of the last look at the stored use, by name. */
  readonly #noted = new Map<string, number>();

  constructor(context: AccessContext, tokens: Documents<StoredToken>) {
    this.#context = context;
    this.#documents = tokens;
  }

  /** Stores the time of a use. A token that changes or goes meanwhile is left as it is. */
  async note(name: string): Promise<void> {
    const now = this.#context.clock.now();
    if (now - (this.#noted.get(name) ?? 0) < USE_MS) return;
    this.#noted.set(name, now);
    try {
      const found = await this.#documents.find(name);
      if (found && now - (found.body.lastUsed ?? 0) >= USE_MS)
        await this.#documents.replace(name, { ...found.body, lastUsed: now }, found);
    } catch (error) {
      // A request is answered also while the disk is full.
      if (!isConflict(error))
        this.#context.log.debug('token use not stored', { token: name, reason: messageOf(error) });
    }
  }
}
