// One account's subscription to its mailbox (RFC 3842, RFC 6665 4.1): made, refreshed before it expires, and made again when it ends.
import { sleepOrAbort } from '../../../shared/abort.ts';
import { isAbort } from '../../../shared/errors.ts';
import { acceptRequest, buildRequest, type Dialog, dialogOfCaller } from '../../../shared/sip/dialog.ts';
import { seconds } from '../../../shared/sip/fields.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import { createRequest, type SipRequest, type SipResponse, SipSyntaxError } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { parseNameAddr, tagOf } from '../../../shared/sip/uri.ts';
import { exchange } from '../authenticated-request.ts';
import type { CallContext } from '../call/context.ts';
import type { Link } from '../servers/link.ts';
import { type MessageSummary, readMessageSummary } from './message-summary.ts';

/** As `SipEp.MwiStatus.SubscriptionState` names them. */
export type SubscriptionState =
  | 'Unsubscribed'
  | 'Subscribing'
  | 'Subscribed'
  | 'Refreshing'
  | 'Unsubscribing'
  | 'Unreachable'
  | 'AuthFailed'
  | 'Rejected'
  | 'ConfigError'
  | 'InvalidResponse';

/** Seconds that are asked for, and the margin of a refresh; our choice. */
const EXPIRES = 3600;
const MARGIN = 60;
/** Seconds between two requests, however little a server grants. */
const SHORTEST_WAIT = 5;

export interface SubscriptionOptions {
  context: CallContext;
  user: string;
  /** Request-URI of the mailbox. */
  uri: string;
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
  readonly #requests: MailboxRequests;
  /** Ends the wait for the next refresh. */
  #wake = new AbortController();

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.user = options.user;
    this.#requests = new MailboxRequests(options);
    this.done = this.#run();
  }

  /** The NOTIFY is for this subscription. */
  fits(request: SipRequest): boolean {
    return this.#requests.fits(request);
  }

  /** Takes a NOTIFY of its dialog. */
  notified(transaction: ServerTransaction): void {
    if (!this.#requests.accept(transaction)) return;
    if (!this.tell(transaction)) return;
    if (!/^\s*terminated\b/i.test(transaction.request.headers.get('Subscription-State') ?? '')) return;
    this.#requests.forget();
    this.#enter('Unsubscribed');
    this.#wake.abort();
  }

  /** Takes what a NOTIFY says, and answers it; false after a refusal. */
  tell(transaction: ServerTransaction): boolean {
    const { body } = transaction.request;
    // RFC 6665 4.1.3: the state alone may come.
    const messages = body.length === 0 ? this.messages : readMessageSummary(body);
    if (body.length > 0 && !messages) {
      transaction.respond(400, 'Bad Request: no message summary');
      return false;
    }
    transaction.respond(200);
    this.messages = messages;
    this.#options.context.log.info('messages of a mailbox told', { user: this.user, ...messages, ...messages?.voice });
    this.#options.onChange();
    return true;
  }

  async unsubscribe(): Promise<void> {
    const flow = this.#options.context.flow();
    if (!flow || this.state !== 'Subscribed') return;
    this.#enter('Unsubscribing');
    await this.#requests.ask(flow, 0);
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
    const result = await this.#requests.ask(flow, EXPIRES);
    if (signal.aborted) return 0;
    if (typeof result === 'string') {
      this.#enter(result);
      return retryTime;
    }
    this.#enter('Subscribed');
    return Math.max(SHORTEST_WAIT, result > 2 * MARGIN ? result - MARGIN : result / 2);
  }
}

/** The SUBSCRIBEs of one subscription, and its dialog. */
class MailboxRequests {
  readonly #options: SubscriptionOptions;
  #callId = '';
  #tag = '';
  #dialog: Dialog | undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  /** By our half of the dialog: a NOTIFY may come before the answer (RFC 6665 4.1.2.4). */
  fits({ headers }: SipRequest): boolean {
    return headers.get('Call-ID') === this.#callId && tagOf(headers.get('To') ?? '') === this.#tag;
  }

  /** Refuses a NOTIFY of another notifier, or one that is late. */
  accept(transaction: ServerTransaction): boolean {
    const { request } = transaction;
    const tag = tagOf(request.headers.get('From') ?? '');
    if (this.#dialog && tag !== this.#dialog.remoteTag) transaction.respond(481);
    else if (this.#dialog && !acceptRequest(this.#dialog, request)) transaction.respond(500);
    return !transaction.answered;
  }

  forget(): void {
    this.#dialog = undefined;
  }

  /** @returns the seconds that were granted, or the state that the answer means */
  async ask(flow: Flow, expires: number, repeated = false): Promise<SubscriptionState | number> {
    const { context, user } = this.#options;
    try {
      const sent = this.#build(flow, expires);
      const { response, request, cause } = await exchange(context.layer, flow, sent, context.authOf(user));
      if (cause) return 'Unreachable';
      const least = seconds(response.headers.get('Min-Expires'));
      if (response.status === 423 && least && least > expires && !repeated) return await this.ask(flow, least, true);
      if (response.status >= 300) return this.#refused(response);
      this.#dialog ??= dialogOfCaller(request, response);
      this.#dialog.localSequence = Number.parseInt(request.headers.get('CSeq') ?? '0', 10);
      return Math.min(seconds(response.headers.get('Expires')) ?? expires, 86_400);
    } catch (error) {
      // The mailbox's address, or the Contact of the answer.
      if (!(error instanceof SipSyntaxError)) throw error;
      context.log.warn('mailbox subscription failed', { user, reason: error.message });
      this.forget();
      return 'InvalidResponse';
    }
  }

  #refused({ status }: SipResponse): SubscriptionState {
    this.forget();
    return status === 401 || status === 407 ? 'AuthFailed' : 'Rejected';
  }

  #build(flow: Flow, expires: number): SipRequest {
    const { context, user, uri } = this.#options;
    const headers: [string, string][] = [
      ['Contact', context.contact(user, flow, false)],
      ['Event', 'message-summary'],
      ['Accept', 'application/simple-message-summary'],
      ['Expires', String(expires)],
      ['User-Agent', context.userAgent],
    ];
    if (this.#dialog) return buildRequest(this.#dialog, 'SUBSCRIBE', { headers });
    const { random } = context;
    this.#callId = random.bytes(8).toString('hex');
    this.#tag = random.bytes(5).toString('hex');
    const us = parseNameAddr(`<sip:${user}@${context.domain}>`).uri;
    return createRequest('SUBSCRIBE', uri, {
      headers: [
        ['Max-Forwards', '70'],
        ['From', `<${us}>;tag=${this.#tag}`],
        ['To', `<${us}>`],
        ['Call-ID', this.#callId],
        ['CSeq', `${random.int(1, 2 ** 30)} SUBSCRIBE`],
        ...headers,
      ],
    });
  }
}
