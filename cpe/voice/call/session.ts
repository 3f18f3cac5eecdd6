// The media session of a call as offer and answer made it (RFC 3264), and its changes by re-INVITE and UPDATE.
import { isOverTls } from '../../../shared/sip/dialog.ts';
import type { SipResponse } from '../../../shared/sip/message.ts';
import { formatSdp, type Sdp } from '../../../shared/sip/sdp.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { type Direction, directionOf, receives, sends, within } from '../media/direction.ts';
import type { MediaSession } from '../media/media.ts';
import type { MediaParameters } from '../media/parameters.ts';
import { asAnswer, buildReoffer, settleReoffer } from '../media/reoffer.ts';
import { buildAnswer, type Chosen, type LocalSession, negotiateOffer } from '../media/sdp-negotiation.ts';
import type { HoldState } from './call.ts';
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
  /** The m= line that is used. */
  index: number;
  local: LocalSession;
  /** Our SDP and the peer's that made the session. */
  localSdp: Sdp;
  remoteSdp: Sdp;
}

/** A changed session for the peer to answer. */
export interface SessionOffer {
  readonly sdp: Sdp;
  /** Takes the answer; returns the reason where it cannot be used, and nothing has changed then. */
  settle(answer: Sdp): string | undefined;
}

/** The stream as the peer described it: it receives nothing. */
function isHeld(sdp: Sdp, index: number): boolean {
  const media = sdp.media[index];
  const address = (media?.connection ?? sdp.connection)?.address;
  return media !== undefined && (address === '0.0.0.0' || address === '::' || !receives(directionOf(sdp, media)));
}

export class NegotiatedSession {
  readonly #side: DialogSide;
  readonly #media: MediaSession;
  readonly #port: number;
  readonly #ssrc: number;
  readonly #local: LocalSession;
  #index: number;
  #parameters: MediaParameters;
  #localSdp: Sdp;
  #remoteSdp: Sdp;
  #hold: HoldState;

  constructor(side: DialogSide, parts: SessionParts) {
    this.#side = side;
    this.#media = parts.media;
    this.#port = parts.port;
    this.#ssrc = parts.ssrc;
    this.#local = { ...parts.local };
    this.#index = parts.index;
    this.#parameters = parts.parameters;
    this.#localSdp = parts.localSdp;
    this.#remoteSdp = parts.remoteSdp;
    this.#hold = { byUs: false, byPeer: isHeld(parts.remoteSdp, parts.index) };
  }

  get hold(): HoldState {
    return this.#hold;
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
    if (this.#isSame(offer)) {
      return accept(this.#side, transaction, asAnswer(this.#localSdp, offer, this.#index, this.#parameters));
    }
    const negotiated = negotiateOffer(offer, context.security, context.keying, this.#ssrc);
    if (!negotiated.ok) {
      if (negotiated.wrongKeyManagement) context.wrongKeyManagement();
      refuseSession(transaction, context, negotiated.reason, negotiated.wrongKeyManagement);
      return undefined;
    }
    this.#change(offer, negotiated.chosen);
    return accept(this.#side, transaction, this.#localSdp);
  }

  /** An offer that puts the peer on hold, or (`held` false) ends that; with new keys (`SessionUpdateCryptoMode` Regenerate). */
  offer(held: boolean): SessionOffer {
    const { context } = this.#side;
    const keys = this.#parameters.keys ? context.keying.offer(this.#ssrc) : undefined;
    const stream = { port: this.#port, keys };
    const direction = this.#directionWhen(held);
    this.#local.version += 1;
    const sdp = buildReoffer({
      local: this.#local,
      previous: this.#localSdp,
      index: this.#index,
      stream,
      direction,
      withoutAddress: direction === 'inactive' && context.calls.hold.address === 'hold',
    });
    const settle = (answer: Sdp): string | undefined => {
      const parameters = settleReoffer(stream, sdp, this.#index, answer);
      if (typeof parameters === 'string') return parameters;
      // The answer to an offer that sends nothing says nothing about the peer's own hold.
      const byPeer = held ? this.#hold.byPeer : isHeld(answer, this.#index);
      this.#apply(sdp, answer, parameters, { byUs: held, byPeer });
      return undefined;
    };
    return { sdp, settle };
  }

  /** RFC 3264 8.4: a stream that the peer holds already is held from our side by `inactive`. */
  #directionWhen(held: boolean): Direction {
    if (!held) return 'sendrecv';
    return this.#hold.byPeer ? 'inactive' : this.#side.context.calls.hold.direction;
  }

  /** RFC 3264 8: the same version is the same session; a refresh changes nothing, keys included. */
  #isSame({ origin }: Sdp): boolean {
    const current = this.#remoteSdp.origin;
    return origin.sessionId === current.sessionId && origin.version === current.version;
  }

  #change(offer: Sdp, chosen: Chosen): void {
    const { hold } = this.#side.context.calls;
    this.#local.version += 1;
    this.#index = chosen.index;
    const byPeer = isHeld(offer, chosen.index);
    const bounds = this.#hold.byUs ? hold.direction : 'sendrecv';
    const wished = chosen.direction === 'recvonly' ? hold.answer : chosen.direction;
    const direction = within(wished, bounds);
    const parameters = { ...chosen.parameters, sending: chosen.parameters.sending && sends(direction) };
    const answer = buildAnswer(this.#local, offer, { ...chosen, direction }, this.#port);
    this.#apply(answer, offer, parameters, { byUs: this.#hold.byUs, byPeer });
  }

  #apply(ours: Sdp, theirs: Sdp, parameters: MediaParameters, hold: HoldState): void {
    const { context, user, dialog } = this.#side;
    this.#localSdp = ours;
    this.#remoteSdp = theirs;
    this.#parameters = parameters;
    this.#hold = hold;
    this.#media.apply(parameters);
    context.log.info('call changed', { user, peer: dialog.remote, sending: parameters.sending, ...hold });
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
