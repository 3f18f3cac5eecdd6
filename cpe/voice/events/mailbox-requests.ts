// The SUBSCRIBEs for one mailbox, their dialog, and what their answers mean (RFC 6665 4.1.2).
import { acceptRequest, buildRequest, type Dialog, dialogOfCaller } from '../../../shared/sip/dialog.ts';
import { parseCSeq, seconds } from '../../../shared/sip/fields.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import { createRequest, type SipRequest, type SipResponse, SipSyntaxError } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { tagOf } from '../../../shared/sip/uri.ts';
import { exchange } from '../authenticated-request.ts';
import type { CallContext } from '../call/context.ts';

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

export interface MailboxOptions {
  context: CallContext;
  user: string;
  /** Request-URI of the mailbox. */
  uri: string;
}

/** The SUBSCRIBEs of one subscription, and its dialog. */
export class MailboxRequests {
  readonly #options: MailboxOptions;
  /** Our half of the dialog; new for each subscription. */
  #callId = '';
  #tag = '';
  #dialog: Dialog | undefined;

  constructor(options: MailboxOptions) {
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
      this.#dialog.localSequence = parseCSeq(request).number;
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
    const { random } = context;
    const headers = subscribeHeaders(this.#options, flow, expires);
    if (this.#dialog) return buildRequest(this.#dialog, 'SUBSCRIBE', { headers });
    this.#callId = random.bytes(8).toString('hex');
    this.#tag = random.bytes(5).toString('hex');
    const us = `<sip:${user}@${context.domain}>`;
    return createRequest('SUBSCRIBE', uri, {
      headers: [
        ['Max-Forwards', '70'],
        ['From', `${us};tag=${this.#tag}`],
        ['To', us],
        ['Call-ID', this.#callId],
        ['CSeq', `${random.int(1, 2 ** 30)} SUBSCRIBE`],
        ...headers,
      ],
    });
  }
}

const subscribeHeaders = ({ context, user }: MailboxOptions, flow: Flow, expires: number): [string, string][] => [
  ['Contact', context.contact(user, flow, false)],
  ['Event', 'message-summary'],
  ['Accept', 'application/simple-message-summary'],
  ['Expires', String(expires)],
  ['User-Agent', context.userAgent],
];
