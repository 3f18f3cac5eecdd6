// Sends the queued messages of webhooks, and retries with growing pauses until a message is accepted or given up.
import { messageOf } from '../../../shared/errors.ts';
import { withoutUrlSecrets } from '../../../shared/model/secret-names.ts';
import type { Delivery } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import type { Post } from '../common/ports.ts';
import { formatOf, type StoredWebhook } from './webhook.ts';
import { retryPauseMs, WebhookBackoffs } from './webhook-backoff.ts';
import type { WebhookSender } from './webhook-sender.ts';

/** Longer than one message may take: after it another process may send the message. */
const LEASE_MS = 60_000;
/** Messages to one webhook at a time. */
const AT_ONCE = 8;
const HOUR = 3_600_000;
/** The age at which a message is given up. */
const GIVE_UP_MS = 72 * HOUR;
/** The longest pause that a receiver may ask for. */
const MAX_ASKED_MS = 24 * HOUR;
/** The answers whose Retry-After counts (RFC 6585 4, RFC 9110 15.6.4). */
const busy: ReadonlySet<number> = new Set([429, 503]);

/** Takes a webhook whose receiver answered 410, by which it refuses all further messages. */
export type OnGone = (name: string, webhook: StoredWebhook) => Promise<void>;

interface Attempt {
  isAccepted: boolean;
  isGone: boolean;
  /** The pause that the receiver asks for; 0 for none. */
  askedMs: number;
  /** Why the message was not accepted. */
  reason?: string;
}

const failed: Attempt = { isAccepted: false, isGone: false, askedMs: 0 };

export class WebhookDeliveries {
  readonly #context: FleetContext;
  readonly #sender: WebhookSender;
  readonly #stopped: AbortSignal;
  readonly #onGone: OnGone;
  readonly backoffs: WebhookBackoffs;

  constructor(
    context: FleetContext,
    { sender, stopped, onGone }: { sender: WebhookSender; stopped: AbortSignal; onGone: OnGone },
  ) {
    this.#context = context;
    this.backoffs = new WebhookBackoffs(context);
    this.#sender = sender;
    this.#stopped = stopped;
    this.#onGone = onGone;
  }

  /** Sends all messages of a webhook that are due, until its backoff begins. */
  async sendDue(name: string, webhook: StoredWebhook): Promise<void> {
    const { store, clock } = this.#context;
    for (;;) {
      const backoff = this.backoffs.of(name);
      if (backoff && backoff.until > clock.now()) return;
      const limit = backoff ? 1 : AT_ONCE;
      const due = await store.takeDeliveries({ webhook: name, now: clock.now(), leaseMs: LEASE_MS, limit });
      if (due.length === 0) return;
      const attempts = await Promise.all(due.map(delivery => this.#attempt(name, webhook, delivery)));
      if (formatOf(webhook) !== 'tandem-1' && attempts.some(({ isGone }) => isGone))
        return await this.#onGone(name, webhook);
      const askedMs = Math.max(...attempts.map(attempt => attempt.askedMs));
      const { reason = '' } = attempts.find(({ isAccepted }) => !isAccepted) ?? {};
      if (askedMs === 0 && attempts.some(({ isAccepted }) => isAccepted)) this.backoffs.end(name);
      else this.backoffs.begin(name, (backoff?.failures ?? 0) + 1, { askedMs, reason });
    }
  }

  async #attempt(name: string, webhook: StoredWebhook, delivery: Delivery): Promise<Attempt> {
    const { store, events } = this.#context;
    const { id, notice, attempts } = delivery;
    const attempted = { webhook: name, notice: notice.id };
    let answer: Awaited<ReturnType<Post>>;
    try {
      answer = await this.#sender.send(webhook, notice, attempts);
    } catch (error) {
      if (this.#stopped.aborted) throw error;
      const reason = withoutUrlSecrets(messageOf(error));
      const isDead = await this.#fail(delivery, reason);
      events.emit('webhook', { ...attempted, outcome: isDead ? 'dead' : 'failed', reason });
      return { ...failed, reason };
    }
    const { status, retryAfterMs = 0 } = answer;
    if (status >= 200 && status < 300) {
      await store.settleDelivery(id, { state: 'delivered' });
      events.emit('webhook', { ...attempted, outcome: 'delivered', status });
      return { ...failed, isAccepted: true };
    }
    const isGone = status === 410;
    const askedMs = busy.has(status) ? Math.min(retryAfterMs, MAX_ASKED_MS) : 0;
    const reason = `it answered ${status}`;
    const isDead = await this.#fail(delivery, reason, { isGone, askedMs });
    events.emit('webhook', { ...attempted, outcome: isDead ? 'dead' : 'failed', status });
    return { ...failed, isGone, askedMs, reason };
  }

  /** @returns whether the message is given up */
  async #fail(
    { id, created, attempts }: Delivery,
    reason: string,
    { isGone = false, askedMs = 0 }: { isGone?: boolean; askedMs?: number } = {},
  ): Promise<boolean> {
    const { store, clock, random } = this.#context;
    const now = clock.now();
    const isDead = isGone || now - created >= GIVE_UP_MS;
    const due = now + Math.max(retryPauseMs(attempts, random), askedMs);
    await store.settleDelivery(id, { state: isDead ? 'dead' : 'waiting', due, error: reason.slice(0, 500) });
    return isDead;
  }
}
