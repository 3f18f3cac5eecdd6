// One account's subscription to its mailbox (RFC 3842, RFC 6665 4.1): made, refreshed before it expires, and made again when it ends.
import { sleepOrAbort } from '../../../shared/abort.ts';
import { isAbort } from '../../../shared/errors.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { isTerminated } from '../call/replies.ts';
import type { Link } from '../servers/link.ts';
import { type MailboxOptions, MailboxRequests, type SubscriptionState } from './mailbox-requests.ts';
import { type MessageSummary, readMessageSummary } from './message-summary.ts';

/** Seconds that are asked for, and the margin of a refresh; our choice. */
const EXPIRES = 3600;
const MARGIN = 60;
/** Seconds between two requests, however little a server grants. */
const SHORTEST_WAIT = 5;

interface SubscriptionOptions extends MailboxOptions {
  /** Seconds. */
  retryTime: number;
  link: Link;
  signal: AbortSignal;
  onChange: () => void;
}

/** Subscribes from its construction until `signal` aborts. */
export class MwiSubscription {
  readonly user: string;
  readonly done: Promise<void>;
  state: SubscriptionState = 'Unsubscribed';
  messages: MessageSummary | undefined;
  readonly #options: SubscriptionOptions;
  readonly requests: MailboxRequests;
  /** Ends the wait for the next refresh. */
  #wake = new AbortController();

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.user = options.user;
    this.requests = new MailboxRequests(options);
    this.done = this.#run();
  }

  /** Takes a NOTIFY of its dialog. */
  notified(transaction: ServerTransaction): void {
    if (!this.requests.accept(transaction) || !this.tell(transaction)) return;
    if (!isTerminated(transaction.request)) return;
    this.requests.forget();
    this.#enter('Unsubscribed');
    this.#wake.abort();
  }

  /** Takes what a NOTIFY says, and answers it; false after a refusal. */
  tell(transaction: ServerTransaction): boolean {
    const told = answerSummary(transaction);
    if (told === 'refused') return false;
    // RFC 6665 4.1.3: the state of the subscription may come alone.
    if (told === undefined) return true;
    this.messages = told;
    this.#options.context.log.info('messages of a mailbox told', { user: this.user, ...told, ...told.voice });
    this.#options.onChange();
    return true;
  }

  async unsubscribe(): Promise<void> {
    const flow = this.#options.context.flow();
    if (!flow || this.state !== 'Subscribed') return;
    this.#enter('Unsubscribing');
    await this.requests.ask(flow, 0);
    this.#enter('Unsubscribed');
  }

  #enter(next: SubscriptionState): void {
    if (this.state === next) return;
    this.state = next;
    this.#options.context.log.info('mailbox subscription changed', { user: this.user, state: next });
    this.#options.onChange();
  }

  async #run(): Promise<void> {
    const { link, signal, context } = this.#options;
    try {
      while (!signal.aborted) {
        const { flow, down } = await link.whenUp(signal);
        this.#wake = new AbortController();
        const wait = await this.#attempt(flow);
        await sleepOrAbort(context.clock, 1000 * wait, AbortSignal.any([signal, down, this.#wake.signal]));
        if (down.aborted && !signal.aborted) this.#enter('Unreachable');
        if (this.#wake.signal.aborted) await sleepOrAbort(context.clock, 1000 * SHORTEST_WAIT, signal);
      }
    } catch (error) {
      if (!isAbort(error)) context.log.error('mailbox subscription ended', { user: this.user, error });
    }
  }

  /** One attempt; returns the seconds until the next. */
  async #attempt(flow: Flow): Promise<number> {
    const { retryTime, signal } = this.#options;
    this.#enter(this.state === 'Subscribed' ? 'Refreshing' : 'Subscribing');
    const result = await this.requests.ask(flow, EXPIRES);
    if (signal.aborted) return 0;
    this.#enter(typeof result === 'string' ? result : 'Subscribed');
    return typeof result === 'string' ? retryTime : refreshAfter(result);
  }
}

/** Seconds until the refresh of a subscription of so many. */
const refreshAfter = (granted: number): number =>
  Math.max(SHORTEST_WAIT, granted > 2 * MARGIN ? granted - MARGIN : granted / 2);

/** Answers a NOTIFY by its body. */
function answerSummary(transaction: ServerTransaction): MessageSummary | 'refused' | undefined {
  const { body } = transaction.request;
  const messages = readMessageSummary(body);
  if (messages || body.length === 0) transaction.respond(200);
  else transaction.respond(400, 'Bad Request: no message summary');
  return messages ?? (body.length === 0 ? undefined : 'refused');
}
