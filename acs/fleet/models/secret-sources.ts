// Sources of the names of secrets in the store: the hidden parameters of the given data models, and the names that an operator has set. The hidden
// parameters of the built-in models have names that say so.
import type { Model } from '../../../shared/model/definitions.ts';
import { UserError } from '../../errors.ts';
import type { Edit } from '../../store/edit.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import type { SecretRules, SecretSource } from '../common/secret-names.ts';
import type { ModelCatalogue } from './catalogue.ts';

/** The setting of an operator: names that are secret besides those that are known as such. */
export interface SecretsSetting {
  names: string[];
}

const SETTING = 'secrets';

export class SecretSources implements SecretSource<SecretRules> {
  readonly #context: FleetContext;
  readonly #catalogue: ModelCatalogue;
  readonly #settings: Documents<SecretsSetting>;

  constructor(context: FleetContext, catalogue: ModelCatalogue) {
    this.#context = context;
    this.#catalogue = catalogue;
    this.#settings = documents(context, 'setting', {
      missing: () => new UserError(404, 'no-such-setting', 'no names of secrets are set'),
    });
    context.secrets.names.follow(this);
  }

  generation(): number {
    const { store } = this.#context;
    return store.generation('model') + store.generation('setting');
  }

  async load(): Promise<SecretRules> {
    const given = await this.#catalogue.given();
    const hidden = new Set(given.flatMap(({ model }) => hiddenOf(model)));
    return { hidden, named: (await this.setting())?.names ?? [] };
  }

  async setting(): Promise<SecretsSetting | undefined> {
    return (await this.#settings.find(SETTING))?.body;
  }

  /** @throws UserError 412 */
  async put(setting: SecretsSetting, edit?: Edit): Promise<void> {
    await this.#settings.put(SETTING, setting, edit);
    await this.#context.secrets.names.refresh();
  }

  /** @throws UserError 404, 412 */
  async remove(edit?: Edit): Promise<void> {
    await this.#settings.remove(SETTING, false, edit);
    await this.#context.secrets.names.refresh();
  }
}

/** A hidden Boolean is a command, such as Reset. Services hang below either root. */
const hiddenOf = ({ parameters }: Model): string[] =>
  [...parameters.values()]
    .filter(({ hidden, type }) => hidden && type !== 'boolean')
    .flatMap(({ path }) =>
      path.startsWith('Device.Services.') ? [path, path.replace('Device.', 'InternetGatewayDevice.')] : [path],
    );
