// Roles of one's own, as documents of kind `role`.
import { UserError } from '../../errors.ts';
import type { Edit } from '../../store/edit.ts';
import { CachedDocuments } from '../common/cached-documents.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documentName, documents } from '../common/documents.ts';
import { isLevel, type Rights, type RoleInput, rightsOfRole } from './rights.ts';

const MAX_ROLES = 200;

export type AccessContext = Pick<FleetContext, 'store' | 'clock' | 'random' | 'events' | 'log'>;

export class Roles {
  readonly #documents: Documents<RoleInput>;
  readonly #rights: CachedDocuments<ReadonlyMap<string, Rights>>;

  constructor(context: AccessContext) {
    this.#documents = documents<RoleInput>(context, 'role', {
      missing: name => new UserError(404, 'no-such-role', `no role '${name}'`),
      checkName: name => {
        if (isLevel(documentName(name))) throw new UserError(400, 'bad-name', `'${name}' is a built-in role`);
      },
      validate: rightsOfRole,
      limit: {
        most: MAX_ROLES,
        reached: count => new UserError(409, 'too-many-roles', `there are ${count} roles already`),
      },
      changeEvent: false,
    });
    this.#rights = new CachedDocuments(context.store, 'role', async () => {
      const found = await this.#documents.list();
      return new Map(found.map(({ name, body }) => [name, rightsOfRole(body)]));
    });
  }

  async list(): Promise<(RoleInput & { name: string })[]> {
    return (await this.#documents.list()).map(({ name, body }) => ({ name, ...body }));
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<RoleInput & { name: string }> {
    return { name, ...(await this.#documents.get(name)).body };
  }

  /** @returns whether the name is new @throws UserError 400, 409, 412 */
  async put(name: string, role: RoleInput, edit?: Edit): Promise<boolean> {
    return await this.#documents.put(name, role, edit);
  }

  /** @throws UserError 404, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    await this.#documents.remove(name, false, edit);
  }

  /** @returns the rights of a role, a built-in one too; undefined for one that is not there */
  async rightsOf(role: string): Promise<Rights | undefined> {
    return isLevel(role) ? { level: role } : (await this.#rights.get()).get(role);
  }

  /** @throws UserError 400 for a role that is not there */
  async assertRole(role: string): Promise<void> {
    if (!(await this.rightsOf(role))) throw new UserError(400, 'no-such-role', `role: no role '${role}'`);
  }
}
