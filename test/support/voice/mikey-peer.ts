// MIKEY offers and answers of a peer that the test plays, with what is wrong in them.
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { makeOffer, type Offer, type OfferSettings, takeOffer } from '../../../shared/mikey/exchange.ts';
import { Freshness } from '../../../shared/mikey/freshness.ts';
import type { SrtpPolicy } from '../../../shared/mikey/policy.ts';
import { attributeValues, type SessionView } from '../../../shared/sip/sdp.ts';

const clock = systemClock();
const random = systemRandom();

export const aesPolicy: SrtpPolicy = { encryption: 'AES-CM', keyBytes: 16, saltBytes: 14, tagBytes: 10 };
export const nullPolicy: SrtpPolicy = { ...aesPolicy, encryption: 'NULL' };

/** An offer of now, for one stream. */
export const mikeyOffer = (changes: Partial<OfferSettings> = {}): Offer =>
  makeOffer({ random, now: clock.now(), policy: aesPolicy, ssrcs: [99, 0], ...changes });

export const keyMgmtLine = (message: Buffer): string => `a=key-mgmt:mikey ${message.toString('base64')}`;

/** The MIKEY message at session level. */
export const messageOf = (sdp: SessionView): Buffer =>
  Buffer.from((attributeValues(sdp, 'key-mgmt')[0] ?? '').replace('mikey ', ''), 'base64');

/** The answer of a peer without a pre-shared key, whose SSRC is 77. */
export function mikeyAnswer(offer: Buffer): ReturnType<typeof takeOffer> {
  const freshness = new Freshness({ now: () => clock.now(), skewMs: 300_000, places: 10 });
  return takeOffer(offer, { allowsNull: true, freshness, ssrcs: [0, 77] });
}
