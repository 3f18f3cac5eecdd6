// The media session of a call as offer and answer made it (RFC 3264), and its changes by re-INVITE and UPDATE.
import { isOverTls } from '../../../shared/sip/dialog.ts';
import type { SipResponse } from '../../../shared/sip/message.ts';
import { formatSdp, type Sdp } from '../../../shared/sip/sdp.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { MediaSession } from '../media/media.ts';
import type { MediaParameters } from '../media/parameters.ts';
import { buildAnswer, type Chosen, type LocalSession, negotiateOffer } from '../media/sdp-negotiation.ts';
import { allowed, refuseSession } from './replies.ts';
import type { DialogSide } from './request-in-dialog.ts';
import { sdpOf } from './sdp-body.ts';
import { sessionHeaders } from './session-timer.ts';

export interface SessionParts {
  media: MediaSession;
  /** The local port of the media. */
  port: number;
  ssrc: number;
  parameters: MediaParameters;
  local: LocalSession;
  /** Our SDP and the peer's that made the session. */
  localSdp: Sdp;
  remoteSdp: Sdp;
}

export class NegotiatedSession {
  readonly #side: DialogSide;
  readonly #media: MediaSession;
  readonly #port: number;
  readonly #ssrc: number;
  readonly #local: LocalSession;
  #parameters: MediaParameters;
  #localSdp: Sdp;
  #remoteSdp: Sdp;

  constructor(side: DialogSide, parts: SessionParts) {
    this.#side = side;
    this.#media = parts.media;
    this.#port = parts.port;
    this.#ssrc = parts.ssrc;
    this.#local = { ...parts.local };
    this.#parameters = parts.parameters;
    this.#localSdp = parts.localSdp;
    this.#remoteSdp = parts.remoteSdp;
  }

  get parameters(): MediaParameters {
    return this.#parameters;
  }

  get localSdp(): Sdp {
    return this.#localSdp;
  }

  /**
   * Answers a re-INVITE or UPDATE: hold, resume, new address, new keys (DGW `SessionUpdateCryptoMode` Regenerate).
   * @returns the 2xx that was sent, or undefined after a refusal
   */
  answer(transaction: ServerTransaction): SipResponse | undefined {
    const { request } = transaction;
    const { context } = this.#side;
    if (request.body.length === 0) return accept(this.#side, transaction, this.#localSdp);
    const offer = sdpOf(request);
    if (!offer) {
      refuseSession(transaction, context, 'the session description cannot be read');
      return undefined;
    }
    const negotiated = negotiateOffer(offer, context.security, context.keying, this.#ssrc);
    if (!negotiated.ok) {
      if (negotiated.wrongKeyManagement) context.wrongKeyManagement();
      refuseSession(transaction, context, negotiated.reason, negotiated.wrongKeyManagement);
      return undefined;
    }
    if (!this.#isSame(offer)) this.#change(offer, negotiated.chosen);
    return accept(this.#side, transaction, this.#localSdp);
  }

  /** RFC 3264 8: the same version is the same session; a refresh changes nothing, keys included. */
  #isSame({ origin }: Sdp): boolean {
    const current = this.#remoteSdp.origin;
    return origin.sessionId === current.sessionId && origin.version === current.version;
  }

  #change(offer: Sdp, chosen: Chosen): void {
    const { context, user, dialog } = this.#side;
    this.#local.version += 1;
    this.#localSdp = buildAnswer(this.#local, offer, chosen, this.#port);
    this.#remoteSdp = offer;
    this.#parameters = chosen.parameters;
    this.#media.apply(this.#parameters);
    context.log.info('call changed', { user, peer: dialog.remote, sending: this.#parameters.sending });
  }
}

/** Accepts a re-INVITE or UPDATE. @param sdp our side of the session */
function accept(side: DialogSide, transaction: ServerTransaction, sdp: Sdp): SipResponse {
  const { context, user, dialog, timer } = side;
  const { method, body } = transaction.request;
  const headers: [string, string][] = [
    ['Contact', context.contact(user, transaction.flow, isOverTls(dialog))],
    ['Allow', allowed],
    ...sessionHeaders(timer, true),
    ['User-Agent', context.userAgent],
  ];
  // An UPDATE without SDP only refreshes; an INVITE without one asks for our offer (its answer comes in the ACK, unchanged).
  const withSdp = method === 'INVITE' || body.length > 0;
  const content = withSdp ? { body: formatSdp(sdp), contentType: 'application/sdp' } : {};
  return transaction.respond(200, undefined, { headers, ...content });
}
