// The documents of webhooks: what an operator changes, and what an answer of the receiver changes.
import { UserError } from '../../errors.ts';
import type { Edit } from '../../store/edit.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { type DocumentRules, type Documents, documentName, documents, retryConflicts } from '../common/documents.ts';
import { checkWebhook, type StoredWebhook, type WebhookInput } from './webhook.ts';
import { webhookAfter, withNextSecret } from './webhook-body.ts';
import { newSecret } from './webhook-secret.ts';

const MAX_WEBHOOKS = 50;

const rules: DocumentRules<StoredWebhook> = {
  missing: name => new UserError(404, 'no-such-webhook', `no webhook '${name}'`),
  limit: {
    most: MAX_WEBHOOKS,
    reached: count => new UserError(409, 'too-many-webhooks', `there are ${count} webhooks already`),
  },
};

/** A new secret, made where none is given, and the time for which the one before signs beside it; 0: no old secret signs any more. */
export interface SecretRotation {
  secret?: string | undefined;
  keepMs: number;
}

export class WebhookDocuments {
  readonly #context: FleetContext;
  readonly #documents: Documents<StoredWebhook>;

  constructor(context: FleetContext) {
    this.#context = context;
    this.#documents = documents(context, 'webhook', rules);
  }

  async list(): Promise<StoredDocument<StoredWebhook>[]> {
    return await this.#documents.list();
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<StoredDocument<StoredWebhook>> {
    return await this.#documents.get(name);
  }

  /** @returns the secret where one was made. @throws UserError 400 that names the place, 409, 412 */
  async put(name: string, input: WebhookInput, edit?: Edit): Promise<{ isNew: boolean; secret?: string }> {
    documentName(name);
    checkWebhook(input, this.#context.ports.judgePost);
    let made: string | undefined;
    const isNew = await this.#documents.put(
      name,
      before => {
        const next = webhookAfter(this.#context, before, input);
        made = next.made;
        return next.body;
      },
      edit,
    );
    return { isNew, ...(made === undefined ? {} : { secret: made }) };
  }

  /**
   * Gives a webhook another secret.
   * @returns the new secret, where it was made
   * @throws UserError 400, 404, 409 `one-signature`, 412
   */
  async rotate(name: string, { secret, keepMs }: SecretRotation, edit?: Edit): Promise<string | undefined> {
    const next = secret ?? newSecret(this.#context.random);
    await retryConflicts(async () => {
      const found = await this.#documents.get(name);
      await this.#documents.replace(name, withNextSecret(this.#context, found, next, keepMs), found, [], edit);
    });
    return secret === undefined ? next : undefined;
  }

  /** Pauses a webhook whose receiver is gone, unless it was changed since. */
  async disable(name: string, { url }: StoredWebhook): Promise<void> {
    const { clock, log } = this.#context;
    await retryConflicts(async () => {
      const found = await this.#documents.find(name);
      if (!found || found.body.paused || found.body.url !== url) return;
      await this.#documents.replace(name, { ...found.body, paused: true, gone: clock.now() }, found);
      log.warn('webhook disabled', { webhook: name, status: 410 });
    });
  }

  /** @throws UserError 404, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    await this.#documents.remove(name, false, edit);
  }
}
