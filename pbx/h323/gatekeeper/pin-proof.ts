// The proof of a PIN in a registration (H.235.1, cryptoEPPwdHash): a digest of a clear token that holds the PIN.
import { createHash, timingSafeEqual } from 'node:crypto';
import { clearToken } from '../asn1/security.ts';
import type { CryptoH323Token } from '../messages.ts';
import { encode } from '../per/encode.ts';
import { textOfAlias } from '../transport/addresses.ts';

/** The clock of an endpoint may differ from ours by this much. */
const MAX_SKEW_MS = 15 * 60_000;

/** Characters of an Identifier and of a Password (H.235.0). */
const MAX_TEXT = 128;

/** Digests by their object identifiers, the one that we name to endpoints first. */
export const digests: Readonly<Record<string, string>> = { '1.2.840.113549.2.5': 'md5', '1.3.14.3.2.26': 'sha1' };

type Proof = 'right' | 'wrong' | 'absent' | 'wrong time';

/** @param now milliseconds since the epoch */
export function judgeProof(
  cryptoTokens: readonly CryptoH323Token[] | undefined,
  pins: readonly string[],
  now: number,
): Proof {
  const found = cryptoTokens?.find(one => 'cryptoEPPwdHash' in one);
  if (!found || !('cryptoEPPwdHash' in found)) return 'absent';
  const { alias, timeStamp, token } = found.cryptoEPPwdHash;
  const digest = digests[token.algorithmOID];
  const name = textOfAlias(alias);
  if (digest === undefined || name === undefined) return 'wrong';
  const isRight = pins.some(pin =>
    clearTokens(name, pin, timeStamp).some(bytes => {
      const wanted = createHash(digest).update(bytes).digest();
      return token.hash.bytes.length === wanted.length && timingSafeEqual(token.hash.bytes, wanted);
    }),
  );
  if (!isRight) return 'wrong';
  return Math.abs(timeStamp * 1000 - now) <= MAX_SKEW_MS ? 'right' : 'wrong time';
}

/** Endpoints of the OpenH323 family end both texts with a null, others do not. Texts that no clear token can hold have none. */
function clearTokens(generalID: string, password: string, timeStamp: number): Buffer[] {
  return ['\0', '']
    .filter(end => [generalID + end, password + end].every(text => text.length >= 1 && text.length <= MAX_TEXT))
    .map(end =>
      encode(clearToken, { tokenOID: '0.0', timeStamp, password: password + end, generalID: generalID + end }),
    );
}
