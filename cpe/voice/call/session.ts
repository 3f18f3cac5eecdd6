// The media session of a call as offer and answer made it (RFC 3264), and its changes from either side.
import type { Sdp } from '../../../shared/sip/sdp.ts';
import { type Direction, directionOf, receives, sends, within } from '../media/direction.ts';
import type { MediaSession } from '../media/media.ts';
import type { MediaParameters } from '../media/parameters.ts';
import { asAnswer, buildReoffer, settleReoffer } from '../media/reoffer.ts';
import { buildAnswer, type LocalSession, negotiateOffer } from '../media/sdp-negotiation.ts';
import type { HoldState } from './call.ts';
import type { DialogSide } from './request-in-dialog.ts';
import type { HoldSettings } from './settings.ts';

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

type Answered = { ok: true; answer: Sdp } | { ok: false; reason: string; concernsKeys: boolean };

/** The parts of a session that its changes replace. */
type Settled = Pick<SessionParts, 'index' | 'parameters' | 'localSdp' | 'remoteSdp'> & { hold: HoldState };

export class NegotiatedSession {
  readonly #side: DialogSide;
  readonly #parts: Pick<SessionParts, 'media' | 'port' | 'ssrc'>;
  readonly #local: LocalSession;
  #now: Settled;

  constructor(side: DialogSide, parts: SessionParts) {
    const { media, port, ssrc, ...settled } = parts;
    this.#side = side;
    this.#parts = { media, port, ssrc };
    this.#local = { ...parts.local };
    this.#now = { ...settled, hold: { byUs: false, byPeer: isHeld(parts.remoteSdp, parts.index) } };
  }

  get now(): Readonly<Pick<Settled, 'parameters' | 'localSdp' | 'hold'>> {
    return this.#now;
  }

  /** The answer to the peer's hold, resume, new address, new keys (DGW `SessionUpdateCryptoMode` Regenerate). */
  answer(offer: Sdp): Answered {
    const { context, user } = this.#side;
    const { localSdp, remoteSdp, parameters, index, hold } = this.#now;
    // RFC 3264 8: the same version is the same session; a refresh changes nothing, keys included.
    if (isSame(offer, remoteSdp)) return { ok: true, answer: asAnswer(localSdp, offer, index, parameters) };
    const media = context.mediaOf(user);
    const { ssrc, port } = this.#parts;
    const protection = { ...context.protectionOf(user), ssrc, current: parameters.keys };
    const negotiated = negotiateOffer(offer, protection.security.mode, protection, media);
    if (negotiated.wrongKeyManagement) context.wrongKeyManagement();
    if (!negotiated.ok) return negotiated;
    const { chosen } = negotiated;
    const direction = answerDirection(chosen.direction, hold.byUs, context.calls.hold);
    const sending = chosen.parameters.sending && sends(direction);
    this.#local.version += 1;
    const answer = buildAnswer(this.#local, offer, { ...chosen, direction }, port, media);
    this.#apply({
      index: chosen.index,
      parameters: { ...chosen.parameters, sending },
      localSdp: answer,
      remoteSdp: offer,
      hold: { byUs: hold.byUs, byPeer: isHeld(offer, chosen.index) },
    });
    return { ok: true, answer };
  }

  /** An offer that puts the peer on hold, or (`held` false) ends that; with new keys (`SessionUpdateCryptoMode` Regenerate). */
  offer(held: boolean): SessionOffer {
    const { context, user } = this.#side;
    const { index, localSdp: previous, parameters } = this.#now;
    const keys = parameters.keys && context.protectionOf(user).keying.offer(this.#parts.ssrc, parameters.keys);
    const stream = { port: this.#parts.port, keys };
    const direction = offerDirection(held, this.#now.hold.byPeer, context.calls.hold);
    const withoutAddress = direction === 'inactive' && context.calls.hold.address === 'hold';
    this.#local.version += 1;
    const common = { index, stream, direction, media: context.mediaOf(user) };
    const change = { ...common, local: this.#local, previous, withoutAddress };
    const sdp = buildReoffer(change);
    const settle = (answer: Sdp): string | undefined => {
      const settled = settleReoffer(change, sdp, answer);
      if (typeof settled === 'string') return settled;
      // The answer to an offer that sends nothing says nothing about the peer's own hold.
      const byPeer = held ? this.#now.hold.byPeer : isHeld(answer, index);
      this.#apply({ index, parameters: settled, localSdp: sdp, remoteSdp: answer, hold: { byUs: held, byPeer } });
      return undefined;
    };
    return { sdp, settle };
  }

  #apply(next: Settled): void {
    const { context, user, dialog } = this.#side;
    this.#now = next;
    this.#parts.media.apply(next.parameters);
    context.log.info('call changed', { user, peer: dialog.remote, sending: next.parameters.sending, ...next.hold });
  }
}

/** The stream as the peer described it: it receives nothing. */
function isHeld(sdp: Sdp, index: number): boolean {
  const media = sdp.media[index];
  const address = (media?.connection ?? sdp.connection)?.address;
  return media !== undefined && (address === '0.0.0.0' || address === '::' || !receives(directionOf(sdp, media)));
}

const isSame = ({ origin }: Sdp, { origin: current }: Sdp): boolean =>
  origin.sessionId === current.sessionId && origin.version === current.version;

/** RFC 3264 8.4: a stream that the peer holds already is held from our side by `inactive`. */
function offerDirection(held: boolean, heldByPeer: boolean, { direction }: HoldSettings): Direction {
  if (!held) return 'sendrecv';
  return heldByPeer ? 'inactive' : direction;
}

/** @param mirrored the peer's direction from our side */
function answerDirection(mirrored: Direction, heldByUs: boolean, { direction, answer }: HoldSettings): Direction {
  const wished = mirrored === 'recvonly' ? answer : mirrored;
  return within(wished, heldByUs ? direction : 'sendrecv');
}
