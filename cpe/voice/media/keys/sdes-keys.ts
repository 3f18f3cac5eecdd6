// Keys by SDES (RFC 4568) in offer and answer.
import type { Random } from '../../../../shared/clock.ts';
import {
  type AgreedKeys,
  cryptoOf,
  type KeyManagement,
  keyMgmtOf,
  keyRefusal,
  type SessionUpdateCryptoMode,
} from '../keying.ts';
import { acceptAnswer, answerLine, type CryptoLine, formatCrypto, keyingOf, offerLines, readLines } from '../sdes.ts';
import type { SrtpKeying } from '../srtp.ts';

/** The same line with the key in use, where its suite fits: DGW `SessionUpdateCryptoMode` Keep. */
function keeping(line: CryptoLine, current: SrtpKeying | undefined): CryptoLine {
  if (current?.suite !== line.suite) return line;
  return { ...line, keys: [{ keySalt: Buffer.concat([current.key, current.salt]) }] };
}

const attributesOf = (lines: readonly CryptoLine[]) =>
  lines.map(line => ({ name: 'crypto', value: formatCrypto(line) }));

/** @param update the keys of our side when a session is changed */
export function sdesKeys(random: Random, update: SessionUpdateCryptoMode): KeyManagement {
  const kept = (current: AgreedKeys | undefined): SrtpKeying | undefined =>
    update === 'Keep' ? current?.send : undefined;
  return {
    offer(_ssrc, current) {
      const lines = offerLines(random).map(line => keeping(line, kept(current)));
      return {
        session: [],
        media: attributesOf(lines),
        accept(answer, media) {
          if (cryptoOf(media).length === 0 && keyMgmtOf(answer, media).values.length > 0)
            return keyRefusal('the answer has MIKEY, not SDES', true);
          const result = acceptAnswer(lines, cryptoOf(media));
          if (!result.ok) return keyRefusal(result.reason);
          return {
            ok: true,
            keys: { protocol: 'SDES', send: keyingOf(result.ours), receive: keyingOf(result.theirs) },
          };
        },
      };
    },
    answer(offer, media, _ssrc, current) {
      const values = cryptoOf(media);
      if (values.length === 0) {
        const wrongProtocol = keyMgmtOf(offer, media).values.length > 0;
        return keyRefusal(wrongProtocol ? 'MIKEY offered, SDES wanted' : 'no a=crypto offered', wrongProtocol);
      }
      const made = answerLine(readLines(values), random);
      if (!made) return keyRefusal('no a=crypto line of the offer is usable');
      const answer = keeping(made.answer, kept(current));
      return {
        ok: true,
        session: [],
        media: attributesOf([answer]),
        keys: { protocol: 'SDES', send: keyingOf(answer), receive: keyingOf(made.chosen) },
      };
    },
  };
}
