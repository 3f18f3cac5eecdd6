// An incoming call (RFC 3261 13.3): judges the INVITE, opens ports, rings and answers.
import { isAbort } from '../../../shared/errors.ts';
import { contactUri, dialogOfCallee } from '../../../shared/sip/dialog.ts';
import { wantsSipsContact } from '../../../shared/sip/fields.ts';
import { SipSyntaxError } from '../../../shared/sip/message.ts';
import type { Sdp } from '../../../shared/sip/sdp.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { EndpointMedia } from '../media/endpoint-media.ts';
import { buildAnswer, type Chosen, type LocalSession, negotiateOffer } from '../media/sdp-negotiation.ts';
import { Ringing } from '../provisional/ringing.ts';
import type { Call, Leg } from './call.ts';
import type { CallContext } from './context.ts';
import { startLeg } from './leg.ts';
import { allowed, refuseBody, refuseSession } from './replies.ts';
import { takesUpdate } from './request-in-dialog.ts';
import { hasSdp, sdpOf, sdpParts } from './sdp-body.ts';
import { type Agreement, agreeTimer, sessionHeaders } from './session-timer.ts';

interface Acceptable {
  offer: Sdp;
  chosen: Chosen;
  timer: Agreement | undefined;
}

/** The session that the INVITE asks for, or undefined after a refusal. */
function acceptOffer(
  context: CallContext,
  transaction: ServerTransaction,
  { user, ssrc, media }: { user: string; ssrc: number; media: EndpointMedia },
): Acceptable | undefined {
  const { request } = transaction;
  const { security, keying } = context.protectionOf(user);
  const timer = agreeTimer(request, context.calls.timer);
  if ('tooShort' in timer) {
    transaction.respond(422, undefined, { headers: [['Min-SE', String(timer.tooShort)]] });
    return undefined;
  }
  if (!hasSdp(request)) {
    refuseBody(transaction, context.userAgent);
    return undefined;
  }
  const offer = sdpOf(request);
  if (!offer) {
    refuseSession(transaction, context, 'the session description cannot be read');
    return undefined;
  }
  const negotiated = negotiateOffer(offer, security.mode, { keying, ssrc }, media);
  if (negotiated.wrongKeyManagement) context.wrongKeyManagement();
  if (!negotiated.ok) {
    const address = transaction.flow.remote.host;
    context.log.warn('call refused', { address, from: request.headers.get('From'), reason: negotiated.reason });
    context.notify('callRefused', {
      peer: request.headers.get('From')?.split(';tag=')[0] ?? '',
      reason: negotiated.reason,
    });
    refuseSession(transaction, context, negotiated.reason, negotiated.concernsKeys);
    return undefined;
  }
  return { offer, chosen: negotiated.chosen, timer: timer.agreed };
}

/**
 * Answers an INVITE that makes a call, for the account `user`.
 * @param answering.cancelled ends the ringing; the INVITE has its answer then
 * @param answering.replaces the call whose place it takes: it is hung up then, and nothing rings (RFC 3891 3)
 * @returns the call, or undefined when it was refused, or cancelled before it was answered
 */
export async function takeCall(
  context: CallContext,
  transaction: ServerTransaction,
  { user, replaces, cancelled }: { user: string; replaces: Leg | undefined; cancelled: AbortController },
): Promise<Call | undefined> {
  const { random } = context;
  const ssrc = random.bytes(4).readUInt32BE();
  const offered = context.mediaOf(user);
  const acceptable = acceptOffer(context, transaction, { user, ssrc, media: offered });
  if (!acceptable) return undefined;
  const { offer, chosen, timer } = acceptable;
  transaction.onCancel(() => {
    transaction.respond(487);
    cancelled.abort();
  });
  const media = await context.openMedia(context.protectionOf(user).portOf(chosen.secured), ssrc);
  let used = false;
  try {
    const common: [string, string][] = [
      ['Contact', context.contact(user, transaction.flow, wantsSipsContact(transaction.request))],
      ['Allow', allowed(context, user)],
    ];
    const agent: [string, string] = ['User-Agent', context.userAgent];
    const local: LocalSession = {
      address: context.address,
      sessionId: String(random.bytes(4).readUInt32BE()),
      version: 1,
    };
    const answer = buildAnswer(local, offer, chosen, media.ports.port, offered);
    // A peer whose Contact makes no dialog is refused before the answer leaves.
    contactUri(transaction.request);
    const parts = { headers: [...common, agent], answer, startMedia: () => media.session.apply(chosen.parameters) };
    if (!replaces) await ring(context, transaction, parts, cancelled.signal);
    if (transaction.answered) return undefined;
    const response = respond(transaction, answer, [...common, ...sessionHeaders(context.calls, timer, true), agent]);
    const dialog = dialogOfCallee(transaction.request, response);
    used = true;
    replaces
      ?.hangup('replaced by another call')
      .catch((error: unknown) => context.log.error('replaced call not ended', { error }));
    return startLeg({
      context,
      direction: 'in',
      user,
      dialog,
      flow: transaction.flow,
      media: media.session,
      port: media.ports.port,
      ssrc,
      parameters: chosen.parameters,
      index: chosen.index,
      local,
      localSdp: answer,
      remoteSdp: offer,
      timer,
      takesUpdate: takesUpdate(transaction.request),
      answered: { transaction, response },
    });
  } catch (error) {
    if (isAbort(error)) return undefined;
    if (!(error instanceof SipSyntaxError)) throw error;
    if (!transaction.answered) transaction.respond(400, `Bad Request: ${error.message}`.slice(0, 120));
    return undefined;
  } finally {
    if (!used) await media.session.stop();
  }
}

/** Rings as long as the unit is set to; the INVITE has its answer afterwards where it was cancelled or a PRACK is missing. */
async function ring(
  context: CallContext,
  transaction: ServerTransaction,
  { headers, answer, startMedia }: { headers: [string, string][]; answer: Sdp; startMedia: () => void },
  cancelled: AbortSignal,
): Promise<void> {
  const ringing = new Ringing(context, transaction);
  if (context.calls.earlyMedia) {
    startMedia();
    if (!(await ringing.send(183, { headers, ...sdpParts(answer) }, cancelled))) return;
  }
  if (!(await ringing.send(180, { headers }, cancelled))) return;
  if (context.ringMs > 0) await context.clock.sleep(context.ringMs, cancelled);
}

const respond = (transaction: ServerTransaction, answer: Sdp, headers: [string, string][]) =>
  transaction.respond(200, undefined, { headers, ...sdpParts(answer) });
