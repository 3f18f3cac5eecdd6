// Rounds over the webhooks: each begins to send what is due, without waiting for it, so that a slow receiver delays its own messages alone.
import { messageOf } from '../../../shared/errors.ts';
import type { DeliveryCount } from '../../store/store.ts';
import type { FleetContext } from '../common/context.ts';
import type { StoredWebhook } from './webhook.ts';
import type { WebhookDeliveries } from './webhook-deliveries.ts';

const KEEP_DEAD_MS = 30 * 24 * 3_600_000;
const TIDY_MS = 60_000;
export const NEVER = Number.POSITIVE_INFINITY;

interface RoundsParts {
  deliveries: WebhookDeliveries;
  stopped: AbortSignal;
  /** Called when all that was due to a webhook is sent. */
  onSent: () => void;
}

export class WebhookRounds {
  readonly #context: FleetContext;
  readonly #parts: RoundsParts;
  /** Work that runs, by the name of the webhook. */
  readonly #sending = new Map<string, Promise<void>>();
  #hearsInforms = false;
  #tidied = Number.NEGATIVE_INFINITY;

  constructor(context: FleetContext, parts: RoundsParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** A webhook receives Informs, which are too many to wake for otherwise. */
  get hearsInforms(): boolean {
    return this.#hearsInforms;
  }

  /** Begins to send to the webhooks that nothing is being sent to. @returns the time when the next message to another one is due, milliseconds */
  async begin(): Promise<number> {
    const { store, clock } = this.#context;
    if (store.generation('webhook') === 0) return NEVER;
    const all = await store.documents<StoredWebhook>('webhook');
    const webhooks = all.filter(({ body }) => !body.paused);
    this.#hearsInforms = webhooks.some(({ body }) => body.events.includes('inform'));
    const due = nextDue(await store.deliveryCounts());
    let next = NEVER;
    for (const { name, body } of webhooks) {
      if (this.#sending.has(name)) continue;
      const at = Math.max(due.get(name) ?? NEVER, this.#parts.deliveries.backoffs.of(name)?.until ?? 0);
      if (at <= clock.now()) this.#sending.set(name, this.#send(name, body));
      else next = Math.min(next, at);
    }
    if (clock.now() - this.#tidied >= TIDY_MS) {
      this.#tidied = clock.now();
      await tidy(this.#context, new Set(all.map(({ name }) => name)));
    }
    return next;
  }

  /** Waits for all that runs now. */
  async settled(): Promise<void> {
    await Promise.all(this.#sending.values());
  }

  /** A failure of the store passes, and the queue is durable. */
  failed(error: unknown): void {
    if (!this.#parts.stopped.aborted) this.#context.log.warn('webhook queue failed', { reason: messageOf(error) });
  }

  async #send(name: string, webhook: StoredWebhook): Promise<void> {
    try {
      await this.#parts.deliveries.sendDue(name, webhook);
      this.#parts.onSent();
    } catch (error) {
      this.failed(error);
    } finally {
      this.#sending.delete(name);
    }
  }
}

/** Bounds the queue, and drops the messages of other webhooks than these. */
async function tidy(
  { store, clock }: Pick<FleetContext, 'store' | 'clock'>,
  names: ReadonlySet<string>,
): Promise<void> {
  await store.boundDeliveries(clock.now() - KEEP_DEAD_MS);
  for (const { webhook } of await store.deliveryCounts()) if (!names.has(webhook)) await store.dropDeliveries(webhook);
}

/** The time when the next message of each webhook is due, milliseconds. */
const nextDue = (counts: readonly DeliveryCount[]): Map<string, number | undefined> =>
  new Map(counts.map(({ webhook, next }) => [webhook, next]));
