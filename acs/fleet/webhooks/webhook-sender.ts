// Sends one message to a webhook, signed, within a bounded time.
import type { FleetContext } from '../common/context.ts';
import type { Post } from '../common/ports.ts';
import { openedText } from '../common/secrets.ts';
import { formatOf, type StoredWebhook } from './webhook.ts';
import { messageBody, messageHeaders, type WebhookMessage } from './webhook-message.ts';
import { stillSigning } from './webhook-secret.ts';

const SECOND = 1000;
const TIMEOUT_MS = 15 * SECOND;

export class WebhookSender {
  readonly #context: Pick<FleetContext, 'clock' | 'secrets'>;
  readonly #post: Post;
  readonly #stopped: AbortSignal;

  constructor(context: Pick<FleetContext, 'clock' | 'secrets'>, post: Post, stopped: AbortSignal) {
    this.#context = context;
    this.#post = post;
    this.#stopped = stopped;
  }

  /** Sends one message. @throws Error that says why it could not be sent */
  async send(webhook: StoredWebhook, message: WebhookMessage, attempt: number): ReturnType<Post> {
    const { clock, secrets } = this.#context;
    const timeout = new AbortController();
    const timer = clock.after(TIMEOUT_MS, () => timeout.abort(new Error(`no answer within ${TIMEOUT_MS / SECOND} s`)));
    try {
      const format = formatOf(webhook);
      const now = clock.now();
      const signing = [webhook, ...stillSigning(webhook.oldSecrets ?? [], now)];
      const body = messageBody(format, message);
      const keys = { secrets: signing.map(({ secret }) => secrets.open(secret)), now };
      const headers = messageHeaders(format, message, { body, attempt, ...keys });
      const signal = AbortSignal.any([timeout.signal, this.#stopped]);
      return await this.#post(openedText(secrets, webhook.url), { headers, body, signal });
    } finally {
      timer.cancel();
    }
  }
}
