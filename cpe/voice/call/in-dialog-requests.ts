// The requests that the peer sends inside a call's dialog, and the refreshes that keep its session alive.
import { acceptRequest, repeatUntilAcknowledged } from '../../../shared/sip/dialog.ts';
import type { SipResponse } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { CallLifetime } from './lifetime.ts';
import { allowed } from './replies.ts';
import type { DialogSide } from './request-in-dialog.ts';
import { hasSdp } from './sdp-body.ts';
import type { NegotiatedSession } from './session.ts';
import { SessionChanges } from './session-changes.ts';
import { SessionRefresh } from './session-refresh.ts';

export class InDialogRequests {
  readonly #side: DialogSide;
  readonly #session: NegotiatedSession;
  readonly #lifetime: CallLifetime;
  readonly #refresh: SessionRefresh;
  readonly #changes: SessionChanges;
  #stopRepeating = (): void => undefined;
  #unacknowledged: { done: Promise<void>; resolve: () => void } | undefined;

  constructor(side: DialogSide, session: NegotiatedSession, lifetime: CallLifetime, ownsCallId: boolean) {
    this.#side = side;
    this.#session = session;
    this.#lifetime = lifetime;
    this.#refresh = new SessionRefresh(side.context.clock, side.timer, {
      refresh: () => this.#refreshNow(),
      expire: () => lifetime.hangupLater('the session was not refreshed'),
    });
    this.#changes = new SessionChanges({
      side,
      session,
      lifetime,
      ownsCallId,
      whenAcknowledged: () => this.#unacknowledged?.done ?? Promise.resolve(),
      onRefreshed: () => this.#refresh.arm(),
    });
  }

  /** See Call.hold and Call.resume. */
  hold(held: boolean): Promise<void> {
    return this.#changes.hold(held);
  }

  take(transaction: ServerTransaction): void {
    const { request } = transaction;
    const { method } = request;
    if (this.#lifetime.state === 'ended') return void transaction.respond(481);
    // RFC 3261 12.2.2
    if (!acceptRequest(this.#side.dialog, request)) return void transaction.respond(500);
    if (method === 'BYE') {
      transaction.respond(200);
      this.#lifetime.endLater('the peer hung up');
    } else if (method === 'INVITE' || method === 'UPDATE') this.#change(transaction);
    else if (method === 'REFER') transaction.respond(603);
    else if (method === 'NOTIFY' || method === 'OPTIONS') transaction.respond(200);
    else transaction.respond(405, undefined, { headers: [['Allow', allowed]] });
  }

  /** Repeats a 2xx to INVITE until its ACK; hangs up without one. */
  repeat(transaction: ServerTransaction, response: SipResponse): void {
    this.acknowledged();
    let resolve = (): void => undefined;
    const done = new Promise<void>(settle => {
      resolve = settle;
    });
    this.#unacknowledged = { done, resolve };
    this.#stopRepeating = repeatUntilAcknowledged(transaction, response, this.#side.context.clock, () =>
      this.#lifetime.hangupLater('the answer was never acknowledged'),
    );
  }

  acknowledged(): void {
    this.#stopRepeating();
    this.#unacknowledged?.resolve();
    this.#unacknowledged = undefined;
  }

  armRefresh(): void {
    this.#refresh.arm();
  }

  stop(): void {
    this.#refresh.stop();
    this.#changes.stop();
    this.acknowledged();
  }

  #change(transaction: ServerTransaction): void {
    // RFC 3261 14.2, RFC 3311 5.2: an offer of ours waits for its answer.
    if (this.#changes.asking && (transaction.request.method === 'INVITE' || hasSdp(transaction.request)))
      return void transaction.respond(491);
    const response = this.#session.answer(transaction);
    if (!response) return;
    this.#refresh.arm();
    if (transaction.request.method === 'INVITE') this.repeat(transaction, response);
  }

  #refreshNow(): void {
    this.#changes
      .refresh()
      .catch((error: unknown) => this.#side.context.log.error('session refresh failed', { error }));
  }
}
