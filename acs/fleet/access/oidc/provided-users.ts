// Users of an identity provider: documents of kind `user` that follow what its claims grant.
import { UserError } from '../../../errors.ts';
import { type Documents, documents, retryConflicts } from '../../common/documents.ts';
import type { ProvidedUser } from '../../common/ports.ts';
import { checkGrant, type Grant } from '../grant.ts';
import type { AccessContext, Roles } from '../roles.ts';
import { checkUserName, MAX_USERS, type StoredUser, tooManyUsers, type UserProvider, userRules } from '../users.ts';
import { grantIn, nameIn } from './claims.ts';
import type { OidcSettings } from './oidc-settings.ts';

export class ProvidedUsers {
  readonly #context: AccessContext;
  readonly #roles: Roles;
  readonly #settings: OidcSettings;
  readonly #documents: Documents<StoredUser>;

  constructor(context: AccessContext, { roles, settings }: { roles: Roles; settings: OidcSettings }) {
    this.#context = context;
    this.#roles = roles;
    this.#settings = settings;
    this.#documents = documents(context, 'user', userRules(roles));
  }

  /** Lets a user in with what its claims grant. @returns its name @throws UserError 400, 401, 403, 409 */
  async admit({ issuer, subject, claims = {} }: ProvidedUser): Promise<string> {
    const setting = await this.#settings.get();
    const name = nameIn(claims, setting);
    if (name === undefined) throw new UserError(401, 'oidc-refused', 'the identity provider gives the user no name');
    const grant = grantIn(claims, setting);
    if (!grant) {
      await this.#withdraw(name, { issuer, subject });
      throw new UserError(403, 'oidc-no-role', `none of the claims of '${name}' grants a role here`);
    }
    checkUserName(name);
    await this.#provide(name, { issuer, subject }, grant);
    return name;
  }

  /** Lets the rights of a user follow its claims. @throws UserError 400, 401, 409 */
  async regrant(name: string, { issuer, subject, claims = {} }: ProvidedUser): Promise<void> {
    const grant = grantIn(claims, await this.#settings.get());
    if (grant) await this.#provide(name, { issuer, subject }, grant);
    else await this.#withdraw(name, { issuer, subject });
  }

  async #provide(name: string, provider: UserProvider, grant: Grant): Promise<void> {
    await checkGrant(this.#roles, grant);
    await retryConflicts(async () => {
      const found = await this.#documents.find(name);
      if (!found) await this.#makeRoom();
      else assertSame(name, found.body, provider);
      const { role: _role, filter: _filter, ...kept } = found?.body ?? { since: this.#context.clock.now() };
      const user = { ...kept, ...grant, provider };
      if (!found || !isSameGrant(found.body, grant)) await this.#documents.replace(name, user, found);
    });
  }

  /** Deletes a user to whom the provider grants nothing any more; one that is disabled stays so. */
  async #withdraw(name: string, { issuer, subject }: UserProvider): Promise<void> {
    const { provider, disabled } = (await this.#documents.find(name))?.body ?? {};
    if (provider?.issuer === issuer && provider.subject === subject && !disabled)
      await this.#documents.remove(name, true);
  }

  /** @throws UserError 409 */
  async #makeRoom(): Promise<void> {
    const count = (await this.#documents.list()).length;
    if (count >= MAX_USERS) throw tooManyUsers(count);
  }
}

const isSameGrant = (one: Grant, other: Grant): boolean => one.role === other.role && one.filter === other.filter;

/** @throws UserError 401, 409 */
function assertSame(name: string, { provider, disabled }: StoredUser, { issuer, subject }: UserProvider): void {
  if (provider?.issuer !== issuer || provider.subject !== subject) {
    const other = provider ? `another user of ${provider.issuer}` : 'a user of this server';
    throw new UserError(409, 'oidc-name-taken', `'${name}' is the name of ${other}`);
  }
  if (disabled) throw new UserError(401, 'sign-in-failed', `the user '${name}' is disabled`);
}
