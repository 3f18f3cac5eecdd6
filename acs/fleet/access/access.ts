// Access to the API: users, tokens and roles, and the principal of a request with its rights now.
import { UserError } from '../../errors.ts';
import type { Edit } from '../../store/edit.ts';
import { FirstUser } from './first-user.ts';
import { principalOf } from './grant.ts';
import type { OidcContext } from './oidc/oidc-context.ts';
import { OidcSettings } from './oidc/oidc-settings.ts';
import { OidcSignIns } from './oidc/oidc-sign-ins.ts';
import { ProvidedUsers } from './oidc/provided-users.ts';
import { SessionChecks } from './oidc/session-checks.ts';
import { type Author, adminToken, type Principal, stranger } from './principal.ts';
import { Roles } from './roles.ts';
import { type Session, Sessions } from './sessions.ts';
import { SignInLinks } from './sign-in-links.ts';
import { SignIns } from './sign-ins.ts';
import { Tokens } from './tokens.ts';
import { Users } from './users.ts';
import { SavedViews } from './views/saved-views.ts';

export class Access {
  readonly roles: Roles;
  readonly users: Users;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly signIns: SignIns;
  readonly firstUser: FirstUser;
  readonly signInLinks: SignInLinks;
  readonly views: SavedViews;
  readonly oidcSettings: OidcSettings;
  readonly oidcSignIns: OidcSignIns;
  readonly sessionChecks: SessionChecks;

  constructor(context: OidcContext) {
    this.roles = new Roles(context);
    this.users = new Users(context, this.roles);
    this.tokens = new Tokens(context, this.roles);
    this.sessions = new Sessions(context);
    this.views = new SavedViews(context);
    this.signIns = new SignIns(context, this);
    this.firstUser = new FirstUser(context, this);
    this.signInLinks = new SignInLinks(context, this);
    this.oidcSettings = new OidcSettings(context, this.roles);
    const provided = new ProvidedUsers(context, { roles: this.roles, settings: this.oidcSettings });
    this.oidcSignIns = new OidcSignIns(context, { users: provided, sessions: this.sessions });
    this.sessionChecks = new SessionChecks(context, { users: provided, sessions: this.sessions });
  }

  /** @returns the principal of a token with its rights now; undefined for a token that is unknown or has expired */
  async byToken(secret: string): Promise<Principal | undefined> {
    const token = await this.tokens.find(secret);
    if (!token) return undefined;
    await this.tokens.used(token.name);
    const { name, expires } = token;
    const principal = await principalOf(this.roles, { name, kind: 'token' }, token);
    return principal && { ...principal, ...(expires === undefined ? {} : { expires }) };
  }

  /** @param isUse as for `Sessions.find` @returns the principal of a session, with its rights now; undefined where it has ended */
  async bySession(secret: string, isUse: boolean): Promise<{ principal: Principal; session: Session } | undefined> {
    const session = await this.sessions.find(secret, isUse);
    const grant = session && (await this.users.grantOf(session.user));
    if (!session || !grant || session.created < grant.since) return undefined;
    const principal = await principalOf(this.roles, { name: session.user, kind: 'user' }, grant);
    return principal && { principal, session };
  }

  /** @returns the principal with its rights now; undefined where it is gone, disabled, or has lost its role */
  async now({ name, kind }: Author): Promise<Principal | undefined> {
    if (kind === 'stranger') return stranger;
    if (kind === 'admin-token') return adminToken;
    const grant = await (kind === 'user' ? this.users : this.tokens).grantOf(name);
    return grant && (await principalOf(this.roles, { name, kind }, grant));
  }

  /** Removes a user with its saved views. @throws UserError 404, 412 */
  async removeUser(name: string, edit?: Edit): Promise<void> {
    await this.users.remove(name, edit);
    await this.views.removeOf({ name, kind: 'user' });
  }

  /** Removes a token with its saved views. @throws UserError 404 */
  async removeToken(name: string): Promise<void> {
    await this.tokens.remove(name);
    await this.views.removeOf({ name, kind: 'token' });
  }

  /** @throws UserError 404; 409 while a user or a token has the role; 412 */
  async removeRole(name: string, edit?: Edit): Promise<void> {
    await this.roles.get(name);
    if ((await this.users.isUsed(name)) || (await this.tokens.isUsed(name)))
      throw new UserError(409, 'role-in-use', `'${name}' cannot be deleted: a user or a token has this role`);
    if (await this.oidcSettings.isUsed(name))
      throw new UserError(409, 'role-in-use', `'${name}' cannot be deleted: claims of the identity provider grant it`);
    await this.roles.remove(name, edit);
  }
}
