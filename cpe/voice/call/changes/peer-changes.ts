// The changes of the session that the peer asks for, by re-INVITE or UPDATE: hold, resume, refresh, other keys, fax.
import { messageOf } from '../../../../shared/errors.ts';
import { isOverTls } from '../../../../shared/sip/dialog.ts';
import type { SipRequest } from '../../../../shared/sip/message.ts';
import type { Sdp } from '../../../../shared/sip/sdp.ts';
import type { ServerTransaction } from '../../../../shared/sip/transaction-types.ts';
import type { FaxCall } from '../../fax/fax-call.ts';
import { hasAudio } from '../../media/sdp-negotiation.ts';
import { allowed, refuseSession } from '../replies.ts';
import type { DialogSide } from '../request-in-dialog.ts';
import { hasSdp, sdpOf, sdpParts } from '../sdp-body.ts';
import type { NegotiatedSession, SessionOffer } from '../session.ts';
import { agreeTimer, sessionHeaders } from '../session-timer.ts';
import type { ReInvites } from './re-invites.ts';
import type { RepeatedAnswer } from './repeated-answer.ts';

interface PeerChangesOptions {
  side: DialogSide;
  session: NegotiatedSession;
  invites: ReInvites;
  answer: RepeatedAnswer;
  /** The peer refreshed the session. */
  onRefreshed: () => void;
  fax: FaxCall;
}

export class PeerChanges {
  readonly #options: PeerChangesOptions;
  /** A fax is being begun: its offer has no answer yet. */
  #opening = false;
  /** An offer of ours in a 200: its answer comes in the ACK (RFC 3261 13.2.1). */
  #late: SessionOffer | undefined;

  constructor(options: PeerChangesOptions) {
    this.#options = options;
  }

  take(transaction: ServerTransaction): void {
    const { side, session, invites, fax } = this.#options;
    const { request } = transaction;
    // RFC 3261 14.2, RFC 3311 5.2: an offer of ours waits for its answer.
    if ((invites.asking || this.#opening || this.#late) && (request.method === 'INVITE' || hasSdp(request)))
      return void transaction.respond(491);
    if (!followTimer(side, transaction)) return;
    const offer = sdpOf(request);
    if (offer && fax.takes(offer) && !session.isKnown(offer)) return void this.#toFax(transaction, offer);
    const sdp = request.body.length > 0 ? this.#answerTo(transaction, offer) : this.#ourOffer(transaction);
    if (sdp) this.#accept(transaction, sdp);
  }

  /** The peer acknowledged; @returns the reason where its answer to an offer of ours cannot be used */
  acknowledged(ack: SipRequest): string | undefined {
    const late = this.#late;
    this.#late = undefined;
    const answer = sdpOf(ack);
    // Without an answer the session stays as it was.
    return late && answer && late.settle(answer);
  }

  /** A fax is offered as it is. */
  #ourOffer({ request }: ServerTransaction): Sdp {
    const { session } = this.#options;
    const { localSdp, hold } = session.now;
    if (request.method !== 'INVITE' || !hasAudio(localSdp)) return localSdp;
    this.#late = session.offer(hold.byUs);
    return this.#late.sdp;
  }

  #accept(transaction: ServerTransaction, sdp: Sdp): void {
    const { side, answer, onRefreshed } = this.#options;
    const response = accept(side, transaction, sdp);
    onRefreshed();
    if (transaction.request.method === 'INVITE') answer.start(transaction, response);
  }

  /** From voice to T.38: answered once its port is open. */
  #toFax(transaction: ServerTransaction, offer: Sdp): void {
    const { side, fax } = this.#options;
    this.#opening = true;
    fax
      .answer(offer)
      .then(sdp => this.#accept(transaction, sdp))
      .catch((error: unknown) => {
        side.context.log.warn('fax not begun', { reason: messageOf(error) });
        if (!transaction.answered) refuseSession(transaction, side.context, messageOf(error));
      })
      .finally(() => {
        this.#opening = false;
      });
  }

  /** Our side of the changed session, or undefined after a refusal. */
  #answerTo(transaction: ServerTransaction, offer: Sdp | undefined): Sdp | undefined {
    const { session, fax } = this.#options;
    const { context, user, dialog } = this.#options.side;
    const isNew = offer !== undefined && !session.isKnown(offer);
    const answered = offer && session.answer(offer);
    // An offer of audio ends a fax.
    if (answered?.ok && isNew) fax.stop(false);
    if (answered?.ok) return answered.answer;
    const reason = answered?.reason ?? 'the session description cannot be read';
    context.log.warn('call change refused', { user, peer: dialog.remote, reason });
    refuseSession(transaction, context, reason, answered?.concernsKeys);
    return undefined;
  }
}

/** RFC 4028 9: a refresh may change the timer, and leaves it where it names none; false after a refusal. */
function followTimer(side: DialogSide, transaction: ServerTransaction): boolean {
  const timer = agreeTimer(transaction.request, side.context.calls.timer);
  if ('tooShort' in timer) {
    transaction.respond(422, undefined, { headers: [['Min-SE', String(timer.tooShort)]] });
    return false;
  }
  side.timer = timer.agreed ?? side.timer;
  return true;
}

/** Accepts a re-INVITE or UPDATE. @param sdp our side of the session */
function accept(side: DialogSide, transaction: ServerTransaction, sdp: Sdp): ReturnType<ServerTransaction['respond']> {
  const { context, user, dialog, timer } = side;
  const { method, body } = transaction.request;
  const headers: [string, string][] = [
    ['Contact', context.contact(user, transaction.flow, isOverTls(dialog))],
    ['Allow', allowed(context, user)],
    ...sessionHeaders(context.calls, timer, true),
    ['User-Agent', context.userAgent],
  ];
  // An UPDATE without SDP only refreshes; an INVITE without one asks for our offer (its answer comes in the ACK).
  const withSdp = method === 'INVITE' || body.length > 0;
  return transaction.respond(200, undefined, { headers, ...(withSdp && sdpParts(sdp)) });
}
