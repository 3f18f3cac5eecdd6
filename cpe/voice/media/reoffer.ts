// An offer that changes a session which stands (RFC 3264 8): the used stream anew, in a direction of our choice.
import { attributeValues, buildSdp, type Media, type Sdp } from '../../../shared/sip/sdp.ts';
import { type Direction, directionOf, isDirection, sends } from './direction.ts';
import type { EndpointMedia } from './endpoint-media.ts';
import type { MediaParameters } from './parameters.ts';
import {
  buildOffer,
  type LocalSession,
  negotiateAnswer,
  type OfferedStream,
  withoutStream,
} from './sdp-negotiation.ts';

export interface Reoffer {
  local: LocalSession;
  /** Our last description: none of its m= lines may be lost. */
  previous: Sdp;
  /** The m= line that is used. */
  index: number;
  stream: OfferedStream;
  direction: Direction;
  media: EndpointMedia;
  /** The address of hold, 0.0.0.0 or ::, stands in the place of ours (RFC 3264 8.4). */
  withoutAddress: boolean;
}

export function buildReoffer({ local, previous, index, stream, direction, ...settings }: Reoffer): Sdp {
  const offer = buildOffer(local, [stream], settings.media);
  const media = previous.media.map((one, at): Media => {
    const fresh = at === index ? offer.media[0] : undefined;
    if (!fresh) return withoutStream(one);
    return { ...fresh, attributes: [...fresh.attributes.filter(line => !isDirection(line)), { name: direction }] };
  });
  const addressType = offer.connection?.addressType ?? 'IP4';
  const hold = { addressType, address: addressType === 'IP6' ? '::' : '0.0.0.0' } as const;
  return buildSdp({ ...offer, media, ...(settings.withoutAddress && { connection: hold }) });
}

/** The parameters that the answer to such an offer makes, or the reason why it makes none. */
export function settleReoffer(
  { stream, index, media: audio }: Reoffer,
  offer: Sdp,
  answer: Sdp,
): MediaParameters | string {
  const ours = offer.media[index];
  const media = answer.media[index];
  if (!ours || !media || answer.media.length !== offer.media.length)
    return `the answer has ${answer.media.length} streams, the offer ${offer.media.length}`;
  const settled = negotiateAnswer([stream], { ...answer, media: [media] }, audio);
  if (!settled.ok) return settled.reason;
  const sending = settled.parameters.sending && sends(directionOf(offer, ours));
  return { ...settled.parameters, sending };
}

/**
 * Our description as an answer to the peer's unchanged one. An offer of ours named every format and key; the answer keeps the ones
 * that were settled on (RFC 3264 6, RFC 4568 5.1.2).
 */
export function asAnswer(ours: Sdp, theirs: Sdp, index: number, parameters: MediaParameters): Sdp {
  const used = ours.media[index];
  const chosen = theirs.media[index];
  if (!used || !chosen || attributeValues(used, 'crypto').length < 2) return ours;
  const tag = /^\d+/.exec(attributeValues(chosen, 'crypto')[0] ?? '')?.[0];
  const attributes = used.attributes.filter(({ name, value = '' }) => name !== 'crypto' || value.startsWith(`${tag} `));
  const { payloadType, eventType } = parameters;
  const formats = [payloadType, ...(eventType === undefined ? [] : [eventType])].map(String);
  const media = ours.media.map(one => (one === used ? { ...used, formats, attributes } : one));
  return buildSdp({ ...ours, media });
}
