// Sends the queued messages of webhooks, and retries with growing pauses until a message is accepted or given up.
import { messageOf } from '../../../shared/errors.ts';
import { withoutUrlSecrets } from '../../../shared/model/secret-names.ts';
import type { Delivery } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import type { Post } from '../common/ports.ts';
import { openedText } from '../common/secrets.ts';
import type { StoredWebhook } from './webhook.ts';
import { retryPauseMs, WebhookBackoffs } from './webhook-backoff.ts';
import { messageBody, messageHeaders, type WebhookMessage } from './webhook-message.ts';

const TIMEOUT_MS = 15_000;
/** Longer than one message may take: after it another process may send the message. */
const LEASE_MS = 60_000;
/** Messages to one webhook at a time. */
const AT_ONCE = 8;
const SECOND = 1000;
const HOUR = 3_600_000;
/** The age at which a message is given up. */
const GIVE_UP_MS = 72 * HOUR;

export class WebhookSender {
  readonly #context: FleetContext;
  readonly #post: Post;
  readonly #stopped: AbortSignal;
  readonly backoffs: WebhookBackoffs;

  constructor(context: FleetContext, post: Post, stopped: AbortSignal) {
    this.#context = context;
    this.backoffs = new WebhookBackoffs(context);
    this.#post = post;
    this.#stopped = stopped;
  }

  /** Sends one message. @throws Error that says why it could not be sent */
  async send(webhook: StoredWebhook, message: WebhookMessage, attempt: number): Promise<{ status: number }> {
    const { clock, secrets } = this.#context;
    const timeout = new AbortController();
    const timer = clock.after(TIMEOUT_MS, () => timeout.abort(new Error(`no answer within ${TIMEOUT_MS / SECOND} s`)));
    try {
      const body = messageBody(message);
      const secret = secrets.open(webhook.secret);
      const headers = messageHeaders(message, { body, attempt, secret, now: clock.now() });
      const signal = AbortSignal.any([timeout.signal, this.#stopped]);
      return await this.#post(openedText(secrets, webhook.url), { headers, body, signal });
    } finally {
      timer.cancel();
    }
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
      const accepted = await Promise.all(due.map(delivery => this.#attempt(name, webhook, delivery)));
      if (accepted.some(Boolean)) this.backoffs.end(name);
      else this.backoffs.begin(name, (backoff?.failures ?? 0) + 1);
    }
  }

  /** @returns whether the webhook accepted the message */
  async #attempt(webhook: string, target: StoredWebhook, delivery: Delivery): Promise<boolean> {
    const { store, events } = this.#context;
    const { id, notice, attempts } = delivery;
    const attempted = { webhook, notice: notice.id };
    try {
      const { status } = await this.send(target, notice, attempts);
      if (status >= 200 && status < 300) {
        await store.settleDelivery(id, { state: 'delivered' });
        events.emit('webhook', { ...attempted, outcome: 'delivered', status });
        return true;
      }
      await this.#fail(delivery, `it answered ${status}`, status === 410);
      events.emit('webhook', { ...attempted, outcome: status === 410 ? 'dead' : 'failed', status });
    } catch (error) {
      if (this.#stopped.aborted) throw error;
      const reason = withoutUrlSecrets(messageOf(error));
      const isDead = await this.#fail(delivery, reason, false);
      events.emit('webhook', { ...attempted, outcome: isDead ? 'dead' : 'failed', reason });
    }
    return false;
  }

  /** @returns whether the message is given up */
  async #fail({ id, created, attempts }: Delivery, reason: string, isGone: boolean): Promise<boolean> {
    const { store, clock, random } = this.#context;
    const now = clock.now();
    const isDead = isGone || now - created >= GIVE_UP_MS;
    const due = now + retryPauseMs(attempts, random);
    await store.settleDelivery(id, { state: isDead ? 'dead' : 'waiting', due, error: reason.slice(0, 500) });
    return isDead;
  }
}
