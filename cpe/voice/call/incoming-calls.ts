// The calls that a user agent is being asked to take, and the conditions under which it takes one.
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { Accounts } from '../accounts.ts';
import { replacedLeg } from '../transfer/replaced.ts';
import type { Call, Leg } from './call.ts';
import { type CallContext, MOST_CALLS } from './context.ts';
import { takeCall } from './incoming.ts';
import { refuseExtensions } from './replies.ts';

export interface IncomingCallsOptions {
  context: CallContext;
  accounts: Accounts;
  isStopping: () => boolean;
  onCall: (call: Call) => void;
}

export class IncomingCalls {
  readonly #options: IncomingCallsOptions;
  readonly #answering = new Set<Promise<void>>();
  /** Ends the ringing of each. */
  readonly #ringing = new Set<() => void>();

  constructor(options: IncomingCallsOptions) {
    this.#options = options;
  }

  /** Answers what rings with 480; nothing is sent where the connections are closed. */
  stop(): void {
    for (const end of this.#ringing) end();
  }

  /** Resolves when no call is being answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#answering);
  }

  /** @param user undefined where the INVITE is for none */
  take(transaction: ServerTransaction, user: string | undefined): void {
    const { accounts, context, isStopping } = this.#options;
    const gate = user === undefined ? undefined : context.callGate(user);
    if (user === undefined || !accounts.isKnown(user)) transaction.respond(404);
    else if (isStopping()) transaction.respond(480);
    else if (gate) transaction.respond(gate.status);
    else if (accounts.isDisabled(user)) transaction.respond(403);
    else if (context.legs.size + this.#answering.size >= MOST_CALLS) transaction.respond(486);
    else if (!refuseExtensions(transaction, context.calls)) {
      const replaces = replacedLeg(context, transaction.request, user);
      if (typeof replaces === 'number') return void transaction.respond(replaces);
      const work = this.#answer(transaction, user, replaces).finally(() => this.#answering.delete(work));
      this.#answering.add(work);
    }
  }

  async #answer(transaction: ServerTransaction, user: string, replaces?: Leg): Promise<void> {
    const { context, onCall } = this.#options;
    const cancelled = new AbortController();
    const end = (): void => {
      if (!transaction.answered) transaction.respond(480);
      cancelled.abort();
    };
    this.#ringing.add(end);
    context.watch?.begun(user, 'in');
    try {
      const call = await takeCall(context, transaction, { user, replaces, cancelled });
      if (call) onCall(call);
      else context.watch?.failed(user, 'in');
    } catch (error) {
      context.watch?.failed(user, 'in');
      context.log.error('incoming call failed', { error });
      if (!transaction.answered) transaction.respond(500);
    } finally {
      this.#ringing.delete(end);
    }
  }
}
