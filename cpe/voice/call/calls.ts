// The calls of one user agent in both directions, and the requests that reach it outside of them.
import type { Flow } from '../../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../../shared/sip/message.ts';
import type { TransactionLayer } from '../../../shared/sip/transaction.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { Accounts } from '../accounts.ts';
import { EventRequests } from '../events/event-requests.ts';
import { Mailboxes } from '../events/mailboxes.ts';
import type { Servers } from '../servers/servers.ts';
import type { UserAgentConfig, UserAgentEnv } from '../settings.ts';
import type { Call, PlaceOptions } from './call.ts';
import { type CallContext, createCallContext } from './context.ts';
import { OutgoingCalls } from './outgoing-calls.ts';
import { Requests } from './requests.ts';

interface CallsOptions {
  config: UserAgentConfig;
  env: UserAgentEnv;
  layer: TransactionLayer;
  accounts: Accounts;
  /** The connection that calls go over. */
  flow: () => Flow | undefined;
  servers: () => Servers | undefined;
  /** Ends the placing of calls. */
  working: AbortSignal;
  isStopping: () => boolean;
}

export class Calls {
  readonly context: CallContext;
  readonly mailboxes: Mailboxes;
  readonly #requests: Requests;
  readonly #outgoing: OutgoingCalls;
  readonly #listeners = new Set<(call: Call) => void>();

  constructor(options: CallsOptions) {
    const { accounts, servers, working, env, config } = options;
    const context = createCallContext({ ...options, place: (...call) => this.#outgoing.place(...call) });
    const onCall = (call: Call): void => {
      for (const listener of this.#listeners) listener(call);
    };
    this.mailboxes = new Mailboxes(options.config, context);
    const events = new EventRequests({ context, onEvent: env.onEvent, servers, mailboxes: this.mailboxes });
    this.context = context;
    this.#outgoing = new OutgoingCalls({ accounts, context, config, servers, working });
    this.#requests = new Requests({ context, accounts, isStopping: options.isStopping, onCall, events });
  }

  /** Calls the listener for each incoming call that was answered. */
  onCall(listener: (call: Call) => void): void {
    this.#listeners.add(listener);
  }

  /** See SipUserAgent.call. */
  place(user: string, target: string, options?: PlaceOptions): Promise<Call> {
    return this.#outgoing.place(user, target, options);
  }

  take(transaction: ServerTransaction): void {
    this.#requests.take(transaction);
  }

  acknowledge(ack: SipRequest): void {
    this.#requests.acknowledge(ack);
  }

  async hangUp(): Promise<void> {
    this.#requests.stop();
    await Promise.all([...this.context.legs.values()].map(leg => leg.hangup()));
  }

  /** Ends everything and sends nothing more, once no call is being placed or answered. */
  async close(): Promise<void> {
    this.#requests.stop();
    await Promise.all([this.#requests.settled(), this.#outgoing.settled()]);
    await Promise.all([...this.context.legs.values()].map(leg => leg.drop()));
    for (const rest of [...this.context.remains.values()]) rest.stop();
  }
}
