// The one place where a call's key management is chosen: SDES at media level (RFC 4568), MIKEY at session level (RFC 3830, 4567).
// Each protocol says what it adds to an offer, how it answers one, and what it makes of the answer.
import type { Random } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';
import { type Attribute, attributeValues, type Media, type SessionView } from '../../../shared/sip/sdp.ts';
import { acceptAnswer, answerLine, formatCrypto, keyingOf, offerLines, readLines } from './sdes.ts';
import type { SrtpKeying } from './srtp.ts';

export interface AgreedKeys {
  /** Our key. */
  send: SrtpKeying;
  /** The peer's key. */
  receive: SrtpKeying;
}

export interface KeyOffer {
  session: Attribute[];
  media: Attribute[];
  /** Judges the answer to this offer. */
  accept(answer: SessionView, media: Media): { ok: true; keys: AgreedKeys } | { ok: false; reason: string };
}

type KeyAnswer =
  | { ok: true; session: Attribute[]; media: Attribute[]; keys: AgreedKeys }
  /** `wrongProtocol`: the offer has keys, but by the other protocol only. */
  | { ok: false; wrongProtocol: boolean; reason: string };

export interface KeyManagement {
  /** @throws UserError when the unit cannot offer it */
  offer(ssrc: number): KeyOffer;
  answer(offer: SessionView, media: Media, ssrc: number): KeyAnswer;
}

/** DGW `Mipt.DefaultSecurityRtpMode`, `…KeyManagement`, `…RtpEncryption`. */
export interface MediaSecurity {
  mode: 'Unsecure' | 'Secure' | 'SecureWithFallback';
  keyManagement: 'Mikey' | 'Sdes';
  /** `Null` means something to MIKEY only: under SDES the unit keeps AES. */
  encryption: 'Null' | 'AesCm128';
}

const crypto = (media: Media): string[] => attributeValues(media, 'crypto');

/** RFC 4567 3.1: the media level overrides the session level. */
const keyMgmt = (session: SessionView, media: Media): string[] => {
  const own = attributeValues(media, 'key-mgmt');
  return own.length > 0 ? own : attributeValues(session, 'key-mgmt');
};

function sdes(random: Random): KeyManagement {
  return {
    offer() {
      const lines = offerLines(random);
      return {
        session: [],
        media: lines.map(line => ({ name: 'crypto', value: formatCrypto(line) })),
        accept(_answer, media) {
          const result = acceptAnswer(lines, crypto(media));
          if (!result.ok) return result;
          return { ok: true, keys: { send: keyingOf(result.ours), receive: keyingOf(result.theirs) } };
        },
      };
    },
    answer(offer, media) {
      const values = crypto(media);
      if (values.length === 0) {
        const wrongProtocol = keyMgmt(offer, media).length > 0;
        return {
          ok: false,
          wrongProtocol,
          reason: wrongProtocol ? 'MIKEY offered, SDES wanted' : 'no a=crypto offered',
        };
      }
      const made = answerLine(readLines(values), random);
      if (!made) return { ok: false, wrongProtocol: false, reason: 'no a=crypto line of the offer is usable' };
      return {
        ok: true,
        session: [],
        media: [{ name: 'crypto', value: formatCrypto(made.answer) }],
        keys: { send: keyingOf(made.answer), receive: keyingOf(made.chosen) },
      };
    },
  };
}

/** Stands where MIKEY will: refuses SDES as the unit does, and says of MIKEY itself that it is not there yet. */
const mikey: KeyManagement = {
  offer() {
    throw new UserError(
      501,
      'mikey-not-available',
      'MIKEY key management is not available: set Mipt key management to Sdes',
    );
  },
  answer(offer, media) {
    const wrongProtocol = keyMgmt(offer, media).length === 0 && crypto(media).length > 0;
    return {
      ok: false,
      wrongProtocol,
      reason: wrongProtocol ? 'SDES offered, MIKEY wanted' : 'MIKEY is not available',
    };
  },
};

/** The protocol the unit is set to. RFC 4568 7.5: where both are offered, only it is answered. */
export function keyManagementOf(security: MediaSecurity, random: Random): KeyManagement {
  return security.keyManagement === 'Sdes' ? sdes(random) : mikey;
}
