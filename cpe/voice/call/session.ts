// The media session of a call as offer and answer made it (RFC 3264), and its changes from either side.
import { mediaAddress, type Sdp } from '../../../shared/sip/sdp.ts';
import { type Direction, directionOf, isHoldAddress, receives, sends, within } from '../media/direction.ts';
import type { MediaSession } from '../media/media.ts';
import type { MediaParameters } from '../media/parameters.ts';
import { asAnswer, buildReoffer, type Reoffer, settleReoffer } from '../media/reoffer.ts';
import { buildAnswer, type LocalSession, type Negotiated, negotiateOffer } from '../media/sdp-negotiation.ts';
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

  /** Begins another description of ours, of another medium in the place of the stream (T.38). */
  nextVersion(): { local: LocalSession; index: number; localSdp: Sdp } {
    this.#local.version += 1;
    return { local: this.#local, index: this.#now.index, localSdp: this.#now.localSdp };
  }

  /** The session is that of another medium, until an offer of either side has audio again. */
  pauseAudio(localSdp: Sdp, remoteSdp: Sdp): void {
    this.#now = { ...this.#now, localSdp, remoteSdp };
    this.#parts.media.apply({ ...this.#now.parameters, sending: false });
  }

  /** RFC 3264 8: the same version is the same session; a refresh changes nothing, keys included. */
  isKnown(offer: Sdp): boolean {
    return isSame(offer, this.#now.remoteSdp);
  }

  /** The answer to the peer's hold, resume, new address, new keys (DGW `SessionUpdateCryptoMode` Regenerate). */
  answer(offer: Sdp): Answered {
    const { context, user } = this.#side;
    const { localSdp, parameters, index, hold } = this.#now;
    if (this.isKnown(offer)) return { ok: true, answer: asAnswer(localSdp, offer, index, parameters) };
    const negotiated = judgeOffer(this.#side, offer, { ssrc: this.#parts.ssrc, current: parameters.keys });
    if (!negotiated.ok) return negotiated;
    const { chosen } = negotiated;
    const direction = answerDirection(chosen.direction, hold.byUs, context.calls.hold);
    this.#local.version += 1;
    const described = { ...chosen, direction };
    const answer = buildAnswer(this.#local, offer, described, this.#parts.port, context.mediaOf(user));
    this.#apply({
      index: chosen.index,
      parameters: { ...chosen.parameters, sending: chosen.parameters.sending && sends(direction) },
      localSdp: answer,
      remoteSdp: offer,
      hold: { byUs: hold.byUs, byPeer: isHeld(offer, chosen.index) },
    });
    return { ok: true, answer };
  }

  /** An offer that puts the peer on hold, or (`held` false) ends that; with new keys (`SessionUpdateCryptoMode` Regenerate). */
  offer(held: boolean): SessionOffer {
    this.#local.version += 1;
    const change = reofferOf(this.#side, { ...this.#parts, ...this.#now, local: this.#local }, held);
    const sdp = buildReoffer(change);
    const settle = (answer: Sdp): string | undefined => {
      const settled = settleReoffer(change, sdp, answer);
      if (typeof settled === 'string') return settled;
      // The answer to an offer that sends nothing says nothing about the peer's own hold.
      const hold = { byUs: held, byPeer: held ? this.#now.hold.byPeer : isHeld(answer, change.index) };
      this.#apply({ ...this.#now, parameters: settled, localSdp: sdp, remoteSdp: answer, hold });
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
  if (!media) return false;
  return isHoldAddress(mediaAddress(sdp, media)?.address) || !receives(directionOf(sdp, media));
}

const isSame = ({ origin }: Sdp, { origin: current }: Sdp): boolean =>
  origin.sessionId === current.sessionId && origin.version === current.version;

/** Judges an offer by the settings of the account's endpoint, and reports keys by the other protocol. */
function judgeOffer(
  { context, user }: DialogSide,
  offer: Sdp,
  keys: { ssrc: number; current: MediaParameters['keys'] },
): Negotiated {
  const protection = { ...context.protectionOf(user), ...keys };
  const negotiated = negotiateOffer(offer, protection.security.mode, protection, context.mediaOf(user));
  if (negotiated.wrongKeyManagement) context.wrongKeyManagement();
  return negotiated;
}

function reofferOf(
  { context, user }: DialogSide,
  { ssrc, port, index, parameters, localSdp, local, hold }: Omit<SessionParts, 'media' | 'remoteSdp'> & Settled,
  held: boolean,
): Reoffer {
  const keys = parameters.keys && context.protectionOf(user).keying.offer(ssrc, parameters.keys);
  const direction = offerDirection(held, hold.byPeer, context.calls.hold);
  const withoutAddress = direction === 'inactive' && context.calls.hold.address === 'hold';
  const stream = { port, keys };
  return { local, previous: localSdp, index, stream, direction, media: context.mediaOf(user), withoutAddress };
}

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
