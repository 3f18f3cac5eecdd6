// Access to the API: users, tokens and roles, and the principal of a request with its rights now.
import { UserError } from '../../errors.ts';
import { principalOf } from './grant.ts';
import { type Author, adminToken, type Principal } from './principal.ts';
import { type AccessContext, Roles } from './roles.ts';
import { Tokens } from './tokens.ts';
import { Users } from './users.ts';

export class Access {
  readonly roles: Roles;
  readonly users: Users;
  readonly tokens: Tokens;

  constructor(context: AccessContext) {
    this.roles = new Roles(context);
    this.users = new Users(context, this.roles);
    this.tokens = new Tokens(context, this.roles);
  }

  /** @returns the principal of a token with its rights now; undefined for a token that is unknown or has expired */
  async byToken(secret: string): Promise<Principal | undefined> {
    const token = await this.tokens.find(secret);
    if (!token) return undefined;
    await this.tokens.used(token.name);
    return await principalOf(this.roles, { name: token.name, kind: 'token' }, token);
  }

  /** @returns the principal with its rights now; undefined where it is gone, disabled, or has lost its role */
  async now({ name, kind }: Author): Promise<Principal | undefined> {
    if (kind === 'admin-token') return adminToken;
    const grant = await (kind === 'user' ? this.users : this.tokens).grantOf(name);
    return grant && (await principalOf(this.roles, { name, kind }, grant));
  }

  /** @throws UserError 404; 409 while a user or a token has the role */
  async removeRole(name: string): Promise<void> {
    await this.roles.get(name);
    if ((await this.users.isUsed(name)) || (await this.tokens.isUsed(name)))
      throw new UserError(409, 'role-in-use', `'${name}' cannot be deleted: a user or a token has this role`);
    await this.roles.remove(name);
  }
}
