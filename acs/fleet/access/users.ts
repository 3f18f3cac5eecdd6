// Users of the API, as documents of kind `user`. Passwords are stored as scrypt hashes and are never shown.
import type { Random } from '../../../shared/clock.ts';
import { UserError } from '../../errors.ts';
import type { Edit } from '../../store/edit.ts';
import { CachedDocuments } from '../common/cached-documents.ts';
import { type DocumentRules, type Documents, documents, retryConflicts } from '../common/documents.ts';
import { type CompiledGrant, checkGrant, compiledGrant, type Grant } from './grant.ts';
import { checkPassword, hashPassword, isPassword, type PasswordHash } from './password.ts';
import type { AccessContext, Roles } from './roles.ts';

export const MAX_USERS = 1000;

/** The identity provider of a user, and its name for it. */
export interface UserProvider {
  issuer: string;
  subject: string;
}

export interface StoredUser extends Grant {
  /** Sessions that began before are over: the user or its password is newer. Milliseconds. */
  since: number;
  /** Absent for a user who signs in elsewhere. */
  password?: PasswordHash;
  /** The identity provider that vouches for the user, and its name for it. */
  provider?: UserProvider;
  disabled?: boolean;
}

export interface UserInput extends Grant {
  password?: string;
  disabled?: boolean;
}

/** The fields that a change names; `filter: null` removes the filter. */
export type UserPatch = Partial<Omit<UserInput, 'filter'>> & { filter?: string | null };

export interface UserView extends Grant {
  name: string;
  disabled: boolean;
  hasPassword: boolean;
  /** The identity provider from which the user comes. */
  issuer?: string;
}

/** The rule for names of users: those of documents, and addresses of mail. @throws UserError 400 */
export function checkUserName(name: string): void {
  if (!/^[\w.@+-]{1,64}$/.test(name))
    throw new UserError(400, 'bad-name', `'${name}': the name of a user is 1 to 64 letters, digits and . _ @ + -`);
}

export const tooManyUsers = (count: number): UserError =>
  new UserError(409, 'too-many-users', `there are ${count} users already`);

export const userRules = (roles: Roles): DocumentRules<StoredUser> => ({
  checkName: checkUserName,
  missing: name => new UserError(404, 'no-such-user', `no user '${name}'`),
  validate: user => checkGrant(roles, user),
  limit: {
    most: MAX_USERS,
    reached: tooManyUsers,
  },
  changeEvent: false,
});

/** A grant with the time from which sessions count. */
export interface UserGrant extends CompiledGrant {
  since: number;
}

export class Users {
  readonly #context: AccessContext;
  readonly #roles: Roles;
  readonly #documents: Documents<StoredUser>;
  readonly #grants: CachedDocuments<ReadonlyMap<string, UserGrant>>;

  constructor(context: AccessContext, roles: Roles) {
    this.#context = context;
    this.#roles = roles;
    this.#documents = documents(context, 'user', userRules(roles));
    this.#grants = new CachedDocuments(context.store, 'user', async () => {
      const found = (await this.#documents.list()).filter(({ body }) => !body.disabled);
      return new Map(found.map(({ name, body }) => [name, { ...compiledGrant(body), since: body.since }]));
    });
  }

  async list(): Promise<UserView[]> {
    return (await this.#documents.list()).map(({ name, body }) => viewOf(name, body));
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<UserView> {
    return viewOf(name, (await this.#documents.get(name)).body);
  }

  /** @throws UserError 400, 409 where the name is taken */
  async create(name: string, input: UserInput): Promise<UserView> {
    if (await this.#documents.find(name)) throw new UserError(409, 'user-exists', `user '${name}' exists`);
    await this.put(name, input);
    return await this.get(name);
  }

  /** Creates or replaces a user; without a password the stored one stays. @returns whether the name is new @throws UserError 400, 409, 412 */
  async put(name: string, { password, ...grant }: UserInput, edit?: Edit): Promise<boolean> {
    const hash = await hashOf(this.#context.random, password);
    const now = this.#context.clock.now();
    return await this.#documents.put(name, before => replaced(before, grant, { hash, now }), edit);
  }

  /** @throws UserError 400, 404, 412 */
  async patch(name: string, { password, filter, ...changes }: UserPatch, edit?: Edit): Promise<UserView> {
    const hash = await hashOf(this.#context.random, password);
    const since = this.#context.clock.now();
    // A user that is deleted meanwhile stays deleted.
    await retryConflicts(async () => {
      const found = await this.#documents.get(name);
      const changed = { ...withFilter(found.body, filter), ...changes };
      const user = hash ? { ...changed, password: hash, since } : changed;
      await checkGrant(this.#roles, user);
      await this.#documents.replace(name, user, found, [], edit);
    });
    return await this.get(name);
  }

  /** @throws UserError 404, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    await this.#documents.remove(name, false, edit);
  }

  /** @returns what a user who may sign in is granted now */
  async grantOf(name: string): Promise<UserGrant | undefined> {
    return (await this.#grants.get()).get(name);
  }

  /** Checks a password with the same work for every name. */
  async verify(name: string, password: string): Promise<boolean> {
    const stored = (await this.#documents.find(name))?.body;
    const isGood = await isPassword(password, stored?.password);
    return isGood && !stored?.disabled;
  }

  async isUsed(role: string): Promise<boolean> {
    return (await this.list()).some(user => user.role === role);
  }
}

/** @param filter undefined keeps the stored one, null removes it */
function withFilter({ filter: stored, ...user }: StoredUser, filter: string | null | undefined): StoredUser {
  const next = filter === undefined ? stored : (filter ?? undefined);
  return next === undefined ? user : { ...user, filter: next };
}

/** A user as PUT leaves it: the password stays unless another is given, and so does the identity provider. */
function replaced(
  before: StoredUser | undefined,
  grant: Omit<UserInput, 'password'>,
  { hash, now }: { hash: PasswordHash | undefined; now: number },
): StoredUser {
  const password = hash ?? before?.password;
  const since = before && !hash ? before.since : now;
  const provider = before?.provider;
  return { ...grant, since, ...(password ? { password } : {}), ...(provider ? { provider } : {}) };
}

/** @throws UserError 400 */
async function hashOf(random: Random, password: string | undefined): Promise<PasswordHash | undefined> {
  if (password === undefined) return undefined;
  checkPassword(password);
  return await hashPassword(random, password);
}

const viewOf = (name: string, { role, filter, disabled = false, password, provider }: StoredUser): UserView => ({
  name,
  role,
  ...(filter === undefined ? {} : { filter }),
  disabled,
  hasPassword: password !== undefined,
  ...(provider ? { issuer: provider.issuer } : {}),
});
