// Key management of a call: SDES at media level (RFC 4568), or MIKEY at session level (RFC 3830, 4567). Each protocol says what it adds
// to an offer, how it answers one, and what it makes of the answer.
import { type Attribute, attributeValues, type Media, type SessionView } from '../../../shared/sip/sdp.ts';
import type { SrtpKeying } from './srtp.ts';

export interface AgreedKeys {
  protocol: 'SDES' | 'MIKEY';
  /** Our key. */
  send: SrtpKeying;
  /** The peer's key. */
  receive: SrtpKeying;
}

export interface KeyRefusal {
  ok: false;
  /** The peer has keys, but by the other protocol only. */
  wrongProtocol: boolean;
  reason: string;
  /** RFC 4567 4.1.2: the whole session is refused, and not carried on without protection. */
  endsSession?: boolean;
}

export const keyRefusal = (reason: string, wrongProtocol = false): KeyRefusal => ({ ok: false, wrongProtocol, reason });

export interface KeyOffer {
  session: Attribute[];
  media: Attribute[];
  /** Judges the answer to this offer. */
  accept(answer: SessionView, media: Media): { ok: true; keys: AgreedKeys } | KeyRefusal;
}

export type KeyAnswer = { ok: true; session: Attribute[]; media: Attribute[]; keys: AgreedKeys } | KeyRefusal;

export interface KeyManagement {
  /**
   * @param current keys of the session that the offer changes; absent in a new session
   * @throws UserError when the unit cannot offer it
   */
  offer(ssrc: number, current?: AgreedKeys): KeyOffer;
  /** @param current as in `offer` */
  answer(offer: SessionView, media: Media, ssrc: number, current?: AgreedKeys): KeyAnswer;
}

/** DGW `Mipt.DefaultSecurityRtpMode`, `…KeyManagement`, `…RtpEncryption`. */
export interface MediaSecurity {
  mode: 'Unsecure' | 'Secure' | 'SecureWithFallback';
  keyManagement: 'Mikey' | 'Sdes';
  /** `Null` means something to MIKEY only: under SDES the unit keeps AES. */
  encryption: 'Null' | 'AesCm128';
}

/** DGW `Mipt.SessionUpdateCryptoMode`: the keys of SDES when a session is changed, as by hold and resume. */
export type SessionUpdateCryptoMode = 'Regenerate' | 'Keep';

/** RFC 4568: the values of a=crypto, which a stream alone can have. */
export const cryptoOf = (media: Media): string[] => attributeValues(media, 'crypto');

/** RFC 4567 3.1: the values of a=key-mgmt; those of the stream override those of the session. */
export function keyMgmtOf(session: SessionView, media: Media): { level: 'session' | 'media'; values: string[] } {
  const own = attributeValues(media, 'key-mgmt');
  return own.length > 0
    ? { level: 'media', values: own }
    : { level: 'session', values: attributeValues(session, 'key-mgmt') };
}
