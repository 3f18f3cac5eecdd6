// Webhooks: documents that say which notices go where. The store queues a notice in the commit of its fact; every process sends from the
// queue, so that no notice is lost with a process.
import { messageOf } from '../../../shared/errors.ts';
import { UserError } from '../../errors.ts';
import { noticeId } from '../../store/notices.ts';
import type { Delivery } from '../../store/records.ts';
import type { DeliveryCount } from '../../store/store.ts';
import type { FleetContext } from '../common/context.ts';
import { type DocumentRules, type Documents, documentName, documents } from '../common/documents.ts';
import type { Post } from '../common/ports.ts';
import { type Secrets, sealedText, shownText } from '../common/secrets.ts';
import { checkWebhook, type StoredWebhook, type WebhookInput, type WebhookView } from './webhook.ts';
import { WebhookLoop } from './webhook-loop.ts';
import { WebhookSender } from './webhook-sender.ts';

const MAX_WEBHOOKS = 50;
const MAX_LISTED = 100;

const rules: DocumentRules<StoredWebhook> = {
  missing: name => new UserError(404, 'no-such-webhook', `no webhook '${name}'`),
  limit: {
    most: MAX_WEBHOOKS,
    reached: count => new UserError(409, 'too-many-webhooks', `there are ${count} webhooks already`),
  },
};

export class Webhooks {
  readonly #context: FleetContext;
  readonly #documents: Documents<StoredWebhook>;
  readonly #stopped = new AbortController();
  readonly #sender: WebhookSender;
  /** Sends messages as they become due, once it is started. */
  readonly loop: WebhookLoop;

  constructor(context: FleetContext, post: Post) {
    this.#context = context;
    this.#sender = new WebhookSender(context, post, this.#stopped.signal);
    this.loop = new WebhookLoop(context, this.#sender, this.#stopped);
    this.#documents = documents(context, 'webhook', rules);
  }

  async list(): Promise<WebhookView[]> {
    const counts = await this.counts();
    return (await this.#documents.list()).map(({ name, body }) => viewOf(this.#context, name, body, counts));
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<WebhookView> {
    return viewOf(this.#context, name, (await this.#documents.get(name)).body, await this.counts());
  }

  /** @returns the secret where one was made, this one time. @throws UserError 400 that names the place, 409 */
  async put(name: string, { secret, ...input }: WebhookInput): Promise<{ isNew: boolean; secret?: string }> {
    documentName(name);
    checkWebhook(input);
    const { secrets } = this.#context;
    let made: string | undefined;
    const isNew = await this.#documents.put(name, before => {
      const stored = { ...input, url: storedUrl(secrets, input.url, before) };
      if (secret !== undefined) return { ...stored, secret: secrets.seal(secret) };
      if (before) return { ...stored, secret: before.secret };
      made = secrets.password();
      return { ...stored, secret: secrets.seal(made) };
    });
    this.#sender.backoffs.end(name);
    return { isNew, ...(made === undefined ? {} : { secret: made }) };
  }

  /** Removes a webhook and its queued messages. @throws UserError 404 */
  async remove(name: string): Promise<void> {
    await this.#documents.remove(name);
    await this.#context.store.dropDeliveries(name);
  }

  /** @throws UserError 404 */
  async deliveries(name: string, dead: boolean): Promise<Delivery[]> {
    await this.#documents.get(name);
    return await this.#context.store.deliveries({ webhook: name, dead, limit: MAX_LISTED });
  }

  /** Queues the given-up messages of a webhook again. @returns their number. @throws UserError 404 */
  async retry(name: string): Promise<number> {
    const { store, clock } = this.#context;
    await this.#documents.get(name);
    this.#sender.backoffs.end(name);
    const revived = await store.reviveDeliveries(name, clock.now());
    this.loop.wake();
    return revived;
  }

  /** Sends an empty message now. @throws UserError 404 */
  async ping(name: string): Promise<{ status: number } | { reason: string }> {
    const { body } = await this.#documents.get(name);
    const time = this.#context.clock.now();
    try {
      return await this.#sender.send(body, { id: noticeId('ping', name, time), type: 'ping', time, data: {} }, 1);
    } catch (error) {
      if (this.#stopped.signal.aborted) throw error;
      return { reason: messageOf(error) };
    }
  }

  async counts(): Promise<DeliveryCount[]> {
    return await this.#context.store.deliveryCounts();
  }
}

/** The URL as it was shown means the one that is stored. */
const storedUrl = (secrets: Secrets, url: string, before: StoredWebhook | undefined): string =>
  before && shownText(secrets, 'url', before.url) === url ? before.url : sealedText(secrets, 'url', url);

const viewOf = (
  { secrets }: FleetContext,
  name: string,
  { secret: _secret, ...body }: StoredWebhook,
  counts: readonly DeliveryCount[],
): WebhookView => {
  const { waiting = 0, dead = 0 } = counts.find(({ webhook }) => webhook === name) ?? {};
  return { name, ...body, url: shownText(secrets, 'url', body.url), waiting, dead };
};
