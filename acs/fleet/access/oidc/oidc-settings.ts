// The stored setting of how claims of the identity provider become users: document `oidc` of kind `setting`.
import { UserError } from '../../../errors.ts';
import type { Edit } from '../../../store/edit.ts';
import { type Documents, documents } from '../../common/documents.ts';
import { checkGrant } from '../grant.ts';
import type { AccessContext, Roles } from '../roles.ts';
import { defaultSetting, type OidcSetting } from './claims.ts';

const SETTING = 'oidc';

export class OidcSettings {
  readonly #documents: Documents<OidcSetting>;
  readonly #roles: Roles;

  constructor(context: AccessContext, roles: Roles) {
    this.#roles = roles;
    this.#documents = documents(context, 'setting', {
      missing: () => new UserError(404, 'no-such-setting', 'no map of claims is set'),
    });
  }

  /** The setting, or the default that grants nothing. */
  async get(): Promise<OidcSetting> {
    return (await this.#documents.find(SETTING))?.body ?? defaultSetting;
  }

  /** @throws UserError 400 for a role or a filter; 412 */
  async put(setting: OidcSetting, edit?: Edit): Promise<void> {
    for (const entry of setting.map) await checkGrant(this.#roles, entry);
    await this.#documents.put(SETTING, setting, edit);
  }

  /** @throws UserError 404, 412 */
  async remove(edit?: Edit): Promise<void> {
    await this.#documents.remove(SETTING, false, edit);
  }

  async isUsed(role: string): Promise<boolean> {
    return (await this.get()).map.some(entry => entry.role === role);
  }
}
