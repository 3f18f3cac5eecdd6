// The requests that the peer sends inside a call's dialog, and the refreshes that keep its session alive.
import { acceptRequest, repeatUntilAcknowledged } from '../../../shared/sip/dialog.ts';
import type { SipResponse } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { CallLifetime } from './lifetime.ts';
import { allowed } from './replies.ts';
import { type DialogSide, requestInDialog } from './request-in-dialog.ts';
import type { NegotiatedSession } from './session.ts';
import { SessionRefresh } from './session-refresh.ts';

export class InDialogRequests {
  readonly #side: DialogSide;
  readonly #session: NegotiatedSession;
  readonly #lifetime: CallLifetime;
  readonly #refresh: SessionRefresh;
  #stopRepeating = (): void => undefined;

  constructor(side: DialogSide, session: NegotiatedSession, lifetime: CallLifetime) {
    this.#side = side;
    this.#session = session;
    this.#lifetime = lifetime;
    this.#refresh = new SessionRefresh(side.context.clock, side.timer, {
      refresh: () => this.#refreshNow(),
      expire: () => lifetime.hangupLater('the session was not refreshed'),
    });
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
    this.#stopRepeating();
    this.#stopRepeating = repeatUntilAcknowledged(transaction, response, this.#side.context.clock, () =>
      this.#lifetime.hangupLater('the answer was never acknowledged'),
    );
  }

  acknowledged(): void {
    this.#stopRepeating();
  }

  armRefresh(): void {
    this.#refresh.arm();
  }

  stop(): void {
    this.#refresh.stop();
    this.#stopRepeating();
  }

  #change(transaction: ServerTransaction): void {
    const response = this.#session.answer(transaction);
    if (!response) return;
    this.#refresh.arm();
    if (transaction.request.method === 'INVITE') this.repeat(transaction, response);
  }

  #refreshNow(): void {
    refreshSession(this.#side, this.#session)
      .then(status => {
        if (this.#lifetime.state === 'ended') return;
        if (status === 408 || status === 481) this.#lifetime.hangupLater(`refresh answered ${status}`);
        else this.#refresh.arm();
      })
      .catch((error: unknown) => this.#side.context.log.error('session refresh failed', { error }));
  }
}

/** Refreshes by re-INVITE with an unchanged session, as the unit does (DGW `SessionRefreshRequestMethod`). */
async function refreshSession(side: DialogSide, { localSdp }: NegotiatedSession): Promise<number> {
  const outcome = await requestInDialog(side, 'INVITE', localSdp);
  return outcome?.response.status ?? 408;
}
