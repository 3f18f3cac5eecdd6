// Webhooks: documents that say which notices go where. The store queues a notice in the commit of its fact; every process sends from the
// queue, so that no notice is lost with a process.
import { messageOf } from '../../../shared/errors.ts';
import type { Edit } from '../../store/edit.ts';
import { noticeId } from '../../store/notices.ts';
import type { Delivery } from '../../store/records.ts';
import type { DeliveryCount } from '../../store/store.ts';
import type { FleetContext } from '../common/context.ts';
import type { Post } from '../common/ports.ts';
import type { WebhookInput, WebhookView } from './webhook.ts';
import { viewOf } from './webhook-body.ts';
import { type OnGone, WebhookDeliveries } from './webhook-deliveries.ts';
import { type SecretRotation, WebhookDocuments } from './webhook-documents.ts';
import { WebhookLoop } from './webhook-loop.ts';
import { WebhookSender } from './webhook-sender.ts';

const MAX_LISTED = 100;

export class Webhooks {
  readonly #context: FleetContext;
  readonly #documents: WebhookDocuments;
  readonly #stopped = new AbortController();
  readonly #sender: WebhookSender;
  readonly #deliveries: WebhookDeliveries;
  /** Sends messages as they become due, once it is started. */
  readonly loop: WebhookLoop;

  constructor(context: FleetContext, post: Post) {
    this.#context = context;
    this.#documents = new WebhookDocuments(context);
    const onGone: OnGone = (name, webhook) => this.#documents.disable(name, webhook);
    const stopped = this.#stopped.signal;
    this.#sender = new WebhookSender(context, post, stopped);
    this.#deliveries = new WebhookDeliveries(context, { sender: this.#sender, stopped, onGone });
    this.loop = new WebhookLoop(context, this.#deliveries, this.#stopped);
  }

  async list(): Promise<WebhookView[]> {
    const counts = await this.counts();
    return (await this.#documents.list()).map(({ name, body }) => viewOf(this.#context, name, body, counts));
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<WebhookView> {
    return viewOf(this.#context, name, (await this.#documents.get(name)).body, await this.counts());
  }

  /** @returns the secret where one was made, this one time. @throws UserError 400 that names the place, 409, 412 */
  async put(name: string, input: WebhookInput, edit?: Edit): Promise<{ isNew: boolean; secret?: string }> {
    const written = await this.#documents.put(name, input, edit);
    this.#deliveries.backoffs.end(name);
    return written;
  }

  /** Gives a webhook another secret. @returns the new one, where it was made. @throws UserError 400, 404, 409 `one-signature`, 412 */
  async rotate(name: string, rotation: SecretRotation, edit?: Edit): Promise<string | undefined> {
    return await this.#documents.rotate(name, rotation, edit);
  }

  /** Removes a webhook and its queued messages. @throws UserError 404, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    await this.#documents.remove(name, edit);
    await this.#context.store.dropDeliveries(name);
  }

  /** @throws UserError 404 */
  async deliveries(name: string, dead: boolean): Promise<Delivery[]> {
    await this.#documents.get(name);
    return await this.#context.store.deliveries({ webhook: name, dead, limit: MAX_LISTED });
  }

  /** Makes the given-up messages of a webhook due, and those whose next attempt is later. @returns their number. @throws UserError 404 */
  async retry(name: string): Promise<number> {
    const { store, clock } = this.#context;
    await this.#documents.get(name);
    this.#deliveries.backoffs.end(name);
    const revived = await store.reviveDeliveries(name, clock.now());
    this.loop.wake();
    return revived;
  }

  /** Sends an empty message now. @throws UserError 404 */
  async ping(name: string): Promise<{ status: number } | { reason: string }> {
    const { body } = await this.#documents.get(name);
    const time = this.#context.clock.now();
    try {
      const message = { id: noticeId('ping', name, time), type: 'ping' as const, time, data: {} };
      return { status: (await this.#sender.send(body, message, 1)).status };
    } catch (error) {
      if (this.#stopped.signal.aborted) throw error;
      return { reason: messageOf(error) };
    }
  }

  async counts(): Promise<DeliveryCount[]> {
    return await this.#context.store.deliveryCounts();
  }
}
