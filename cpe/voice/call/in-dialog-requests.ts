// The requests that the peer sends inside a call's dialog.
import { acceptRequest, isOverTls } from '../../../shared/sip/dialog.ts';
import { formatSdp, type Sdp } from '../../../shared/sip/sdp.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { CallDigits } from '../media/dtmf/call-digits.ts';
import { infoTypes, readInfo } from '../media/dtmf/info.ts';
import type { Transferee } from '../transfer/transferee.ts';
import type { Transferor } from '../transfer/transferor.ts';
import type { ReInvites } from './changes/re-invites.ts';
import type { RepeatedAnswer } from './changes/repeated-answer.ts';
import type { CallLifetime } from './lifetime.ts';
import { allowed, eventOf, isAllowed, refuseExtensions, refuseMethod, refuseSession } from './replies.ts';
import type { DialogSide } from './request-in-dialog.ts';
import { contentTypeOf, hasSdp, sdpOf } from './sdp-body.ts';
import type { NegotiatedSession } from './session.ts';
import { agreeTimer, sessionHeaders } from './session-timer.ts';

interface RequestsOptions {
  side: DialogSide;
  session: NegotiatedSession;
  lifetime: CallLifetime;
  invites: ReInvites;
  answer: RepeatedAnswer;
  /** The peer refreshed the session. */
  onRefreshed: () => void;
  digits: CallDigits;
  transferor: Transferor;
  transferee: Transferee;
}

export class InDialogRequests {
  readonly #options: RequestsOptions;
  /** By method, without ACK and CANCEL, which belong to an INVITE. */
  readonly #handlers: Readonly<Record<string, (transaction: ServerTransaction) => void>> = {
    INVITE: transaction => this.#change(transaction),
    UPDATE: transaction => this.#change(transaction),
    BYE: transaction => this.#bye(transaction),
    REFER: transaction => this.#options.transferee.refer(transaction),
    NOTIFY: transaction => takeNotify(this.#options, transaction),
    INFO: transaction => takeInfo(this.#options, transaction),
    // No provisional response waits for it any more (RFC 3262 3).
    PRACK: transaction => void transaction.respond(481),
    OPTIONS: transaction => void transaction.respond(200),
  };

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  take(transaction: ServerTransaction): void {
    const { side, lifetime } = this.#options;
    const { request } = transaction;
    if (lifetime.state === 'ended') return void transaction.respond(481);
    // RFC 3261 12.2.2
    if (!acceptRequest(side.dialog, request)) return void transaction.respond(500);
    if (refuseExtensions(transaction, side.context.calls)) return;
    const handler = this.#handlers[request.method];
    if (handler && isAllowed(side.context, side.user, request.method)) handler(transaction);
    else refuseMethod(side.context, transaction, side.user);
  }

  #bye(transaction: ServerTransaction): void {
    transaction.respond(200);
    this.#options.lifetime.endLater('the peer hung up');
  }

  #change(transaction: ServerTransaction): void {
    const { session, side, invites, answer, onRefreshed } = this.#options;
    const { request } = transaction;
    // RFC 3261 14.2, RFC 3311 5.2: an offer of ours waits for its answer.
    if (invites.asking && (request.method === 'INVITE' || hasSdp(request))) return void transaction.respond(491);
    if (!this.#agreeTimer(transaction)) return;
    const sdp = request.body.length > 0 ? this.#answerTo(transaction) : session.now.localSdp;
    if (!sdp) return;
    const response = accept(side, transaction, sdp);
    onRefreshed();
    if (request.method === 'INVITE') answer.start(transaction, response);
  }

  /** RFC 4028 9: a refresh may change the timer, and leaves it where it names none; false after a refusal. */
  #agreeTimer(transaction: ServerTransaction): boolean {
    const { side } = this.#options;
    const timer = agreeTimer(transaction.request, side.context.calls.timer);
    if ('tooShort' in timer) {
      transaction.respond(422, undefined, { headers: [['Min-SE', String(timer.tooShort)]] });
      return false;
    }
    side.timer = timer.agreed ?? side.timer;
    return true;
  }

  /** Our side of the changed session, or undefined after a refusal. */
  #answerTo(transaction: ServerTransaction): Sdp | undefined {
    const { context, user, dialog } = this.#options.side;
    const offer = sdpOf(transaction.request);
    const answered = offer && this.#options.session.answer(offer);
    if (answered?.ok) return answered.answer;
    const reason = answered?.reason ?? 'the session description cannot be read';
    context.log.warn('call change refused', { user, peer: dialog.remote, reason });
    refuseSession(transaction, context, reason, answered?.concernsKeys);
    return undefined;
  }
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
  // An UPDATE without SDP only refreshes; an INVITE without one asks for our offer (its answer comes in the ACK, unchanged).
  const withSdp = method === 'INVITE' || body.length > 0;
  const content = withSdp ? { body: formatSdp(sdp), contentType: 'application/sdp' } : {};
  return transaction.respond(200, undefined, { headers, ...content });
}

function takeInfo({ side, digits }: RequestsOptions, transaction: ServerTransaction): void {
  const { body } = transaction.request;
  const type = contentTypeOf(transaction.request);
  const isKnown = infoTypes.some(one => one === type);
  const digit = isKnown ? readInfo(type, body) : undefined;
  if (digit !== undefined) digits.take(digit);
  const isFine = digit !== undefined || (body.length === 0 && side.context.calls.info.emptyAnswer === 200);
  if (isFine) transaction.respond(200);
  else if (isKnown && body.length > 0) transaction.respond(400, 'Bad Request: no digit');
  else transaction.respond(415, undefined, { headers: [['Accept', infoTypes.join(', ')]] });
}

function takeNotify({ transferor }: RequestsOptions, transaction: ServerTransaction): void {
  if (eventOf(transaction.request) === 'refer') transferor.notified(transaction);
  else transaction.respond(489);
}
