// API tokens, as documents of kind `token`: shown once, stored as a SHA-256 of 256 random bits.
import { createHash, timingSafeEqual } from 'node:crypto';
import { UserError } from '../../errors.ts';
import { CachedDocuments } from '../common/cached-documents.ts';
import { type DocumentRules, type Documents, documents } from '../common/documents.ts';
import { type CompiledGrant, checkGrant, compiledGrant, type Grant } from './grant.ts';
import type { AccessContext, Roles } from './roles.ts';
import { type StoredToken, TokenUses } from './token-uses.ts';

const MAX_TOKENS = 2000;
/** Tells tokens from other secrets, for those who search for leaks. */
const PREFIX = 'tandem_';

export interface TokenInput extends Grant {
  name: string;
  /** Time after which it is refused, milliseconds. */
  expires?: number;
}

export type TokenView = Omit<StoredToken, 'hash'> & { name: string };

interface KnownToken extends CompiledGrant {
  name: string;
  expires?: number;
}

const rulesOf = (roles: Roles): DocumentRules<StoredToken> => ({
  missing: name => new UserError(404, 'no-such-token', `no token '${name}'`),
  validate: token => checkGrant(roles, token),
  limit: {
    most: MAX_TOKENS,
    reached: count => new UserError(409, 'too-many-tokens', `there are ${count} tokens already`),
  },
  changeEvent: false,
});

export class Tokens {
  readonly #context: AccessContext;
  readonly #documents: Documents<StoredToken>;
  readonly #known: CachedDocuments<ReadonlyMap<string, KnownToken>>;
  readonly #uses: TokenUses;

  constructor(context: AccessContext, roles: Roles) {
    this.#context = context;
    this.#documents = documents(context, 'token', rulesOf(roles));
    this.#uses = new TokenUses(context, this.#documents);
    this.#known = new CachedDocuments(context.store, 'token', async () => {
      const found = await this.#documents.list();
      return new Map(
        found.map(({ name, body: { hash, expires, ...grant } }) => [
          hash,
          { name, ...compiledGrant(grant), ...(expires === undefined ? {} : { expires }) },
        ]),
      );
    });
  }

  async list(): Promise<TokenView[]> {
    return (await this.#documents.list()).map(({ name, body }) => viewOf(name, body));
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<TokenView> {
    return viewOf(name, (await this.#documents.get(name)).body);
  }

  /** @param by the name of the principal that makes it @returns the token, which is not kept @throws UserError 400, 409 */
  async create({ name, ...input }: TokenInput, by: string): Promise<{ secret: string; view: TokenView }> {
    const { random, clock } = this.#context;
    const now = clock.now();
    if (input.expires !== undefined && input.expires <= now)
      throw new UserError(400, 'bad-time', 'body.expires: lies in the past');
    if (await this.#documents.find(name)) throw new UserError(409, 'token-exists', `token '${name}' exists`);
    const secret = PREFIX + random.bytes(32).toString('base64url');
    const stored: StoredToken = { ...input, hash: hashOf(secret), created: now, by };
    await this.#documents.put(name, stored);
    return { secret, view: viewOf(name, stored) };
  }

  /** @throws UserError 404 */
  async remove(name: string): Promise<void> {
    await this.#documents.remove(name);
  }

  /** @returns the token with that secret, unless it has expired */
  async find(secret: string): Promise<KnownToken | undefined> {
    if (!secret.startsWith(PREFIX)) return undefined;
    const found = (await this.#known.get()).get(hashOf(secret));
    return found && this.#isValid(found) ? found : undefined;
  }

  /** @returns what a token is granted now, unless it has expired */
  async grantOf(name: string): Promise<CompiledGrant | undefined> {
    for (const token of (await this.#known.get()).values())
      if (token.name === name && this.#isValid(token)) return token;
    return undefined;
  }

  #isValid({ expires }: KnownToken): boolean {
    return expires === undefined || expires > this.#context.clock.now();
  }

  /** Notes a use, seldom. */
  readonly used = (name: string): Promise<void> => this.#uses.note(name);

  async isUsed(role: string): Promise<boolean> {
    return (await this.list()).some(token => token.role === role);
  }
}

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** @returns a test for the secret that takes the same time wherever a text differs */
export function secretTest(secret: string): (given: string) => boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const good = digest(secret);
  return given => timingSafeEqual(digest(given), good);
}

const viewOf = (name: string, { hash: _hash, ...token }: StoredToken): TokenView => ({ name, ...token });
