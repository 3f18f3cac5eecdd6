// The mailboxes of one gateway's accounts: their subscriptions, and what servers tell of them.
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { CallContext } from '../call/context.ts';
import type { Link } from '../servers/link.ts';
import type { UserAgentConfig } from '../settings.ts';
import type { SubscriptionState } from './mailbox-requests.ts';
import type { MessageSummary } from './message-summary.ts';
import { MwiSubscription } from './mwi-subscription.ts';

export interface MailboxView {
  user: string;
  /** The host of the mailbox. */
  host: string;
  state: SubscriptionState;
  messages: MessageSummary | undefined;
}

export class Mailboxes {
  readonly #config: UserAgentConfig;
  readonly #context: CallContext;
  #subscriptions: readonly MwiSubscription[] = [];

  constructor(config: UserAgentConfig, context: CallContext) {
    this.#config = config;
    this.#context = context;
  }

  /** Starts the subscriptions. @param link the server that they go to */
  subscribe(link: Link, signal: AbortSignal, onChange: () => void): void {
    const { accounts, retryTime } = this.#config;
    const context = this.#context;
    this.#subscriptions = accounts.flatMap(({ user, mailbox }) => {
      if (!mailbox) return [];
      return [new MwiSubscription({ context, user, uri: mailbox.uri, retryTime, link, signal, onChange })];
    });
  }

  views(): MailboxView[] {
    return this.#subscriptions.map(({ user, state, messages }) => {
      const host = this.#config.accounts.find(account => account.user === user)?.mailbox?.host ?? '';
      return { user, host, state, messages };
    });
  }

  /** Takes a NOTIFY inside a dialog; false where it belongs to no subscription. */
  notified(transaction: ServerTransaction): boolean {
    const subscription = this.#subscriptions.find(one => one.requests.fits(transaction.request));
    subscription?.notified(transaction);
    return subscription !== undefined;
  }

  /** Takes one without subscription (RFC 3842 3.6: servers that are set up to send it); false where the user has no mailbox here. */
  told(transaction: ServerTransaction, user: string): boolean {
    const subscription = this.#subscriptions.find(one => one.user === user);
    subscription?.tell(transaction);
    return subscription !== undefined;
  }

  async unsubscribe(): Promise<void> {
    await Promise.all(this.#subscriptions.map(one => one.unsubscribe()));
  }

  /** Resolves when the subscriptions have ended after their signal was aborted. */
  async done(): Promise<void> {
    await Promise.all(this.#subscriptions.map(one => one.done));
  }
}
