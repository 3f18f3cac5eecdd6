// The SDP of a call (RFC 3264): what the unit offers, how it judges an offer, what it makes of an answer.
// One audio stream is used; every other stream is refused with port 0.
import { isIP } from 'node:net';
import { type Port, portOf, readPort } from '../../../shared/net/port.ts';
import {
  type Attribute,
  attributeValues,
  buildSdp,
  type Media,
  mediaAddress,
  type Sdp,
} from '../../../shared/sip/sdp.ts';
import { type AgreedAudio, agreeFormats, answeredFormats, offeredFormats } from './codecs/formats.ts';
import { type Direction, directionOf, isHoldAddress, mirrored, receives } from './direction.ts';
import { type EndpointMedia, plainMedia } from './endpoint-media.ts';
import type { AgreedKeys, KeyManagement, KeyOffer, MediaSecurity } from './keying.ts';
import type { MediaParameters } from './parameters.ts';

/** The unit's identity in every SDP of one call; `version` grows with each change (RFC 3264 8). */
export interface LocalSession {
  address: string;
  sessionId: string;
  version: number;
}

/** One m= line of an offer. Secured ones carry the keys they offer. */
export interface OfferedStream {
  port: number;
  keys: KeyOffer | undefined;
}

const profileOf = (secured: boolean): string => (secured ? 'RTP/SAVP' : 'RTP/AVP');

/** A description of ours with these streams. @param attributes of the session */
export function describeSession(local: LocalSession, attributes: Attribute[], media: Media[]): Sdp {
  const addressType = isIP(local.address) === 6 ? 'IP6' : 'IP4';
  const { address } = local;
  return buildSdp({
    origin: { username: '-', sessionId: local.sessionId, version: String(local.version), addressType, address },
    name: '-',
    connection: { addressType, address },
    attributes,
    media,
  });
}

/** An m= line that is refused, or not used any more (RFC 3264 6, 8.2). */
export const withoutStream = ({ type, proto, formats }: Media): Media => ({
  type,
  port: 0,
  proto,
  formats,
  attributes: [],
});

/** The description has a stream of audio that is in use. */
export const hasAudio = ({ media }: Sdp): boolean => media.some(({ type, port }) => type === 'audio' && port !== 0);

/** One m=audio per stream, preferred first: the secured one, and with fallback the plain one behind it. */
export function buildOffer(local: LocalSession, streams: readonly OfferedStream[], audio = plainMedia): Sdp {
  const { formats, attributes } = offeredFormats(audio);
  return describeSession(
    local,
    streams.flatMap(stream => stream.keys?.session ?? []),
    streams.map(({ port, keys }) => ({
      type: 'audio',
      port,
      proto: profileOf(keys !== undefined),
      formats,
      attributes: [...(keys?.media ?? []), ...attributes, { name: 'sendrecv' }],
    })),
  );
}

/** The peer's stream, settled: what media needs, and what the answer has to say. */
export interface Chosen {
  /** Index of the m= line. */
  index: number;
  media: Media;
  secured: boolean;
  parameters: MediaParameters;
  /** Of the answer. */
  direction: Direction;
  session: Attribute[];
  attributes: Attribute[];
}

export type Negotiated = { ok: true; chosen: Chosen; wrongKeyManagement?: boolean } | Refusal;

interface Refusal {
  ok: false;
  /** A secured stream has keys by the other protocol only. */
  wrongKeyManagement: boolean;
  reason: string;
  /** The reason is a key management attribute (RFC 4567 4.1.2). */
  concernsKeys: boolean;
}

const no = (reason: string): Refusal => ({ ok: false, wrongKeyManagement: false, reason, concernsKeys: false });

/** The port of a=rtcp (RFC 3605), else the one above that of the media (RFC 3550 11), which 65535 does not have. */
function rtcpPortOf(media: Media, port: Port): Port | undefined {
  const [named] = attributeValues(media, 'rtcp');
  return named === undefined ? portOf(port + 1) : readPort(named.trim().split(' ', 1)[0]);
}

/** The media parameters of one m= line, or the reason why it has none. */
function readStream(sdp: Sdp, media: Media, audio: EndpointMedia): Omit<MediaParameters, 'keys'> | string {
  const agreed: AgreedAudio | undefined = agreeFormats(media, audio);
  if (!agreed) return 'no codec offered that the unit has';
  const address = mediaAddress(sdp, media)?.address ?? '';
  // A name would have to be resolved first; endpoints write addresses.
  if (isIP(address) === 0) return `'${address.slice(0, 60)}' is not an address to send media to`;
  const port = portOf(media.port);
  if (port === undefined) return 'the stream has no port';
  const direction = directionOf(sdp, media);
  return {
    ...agreed,
    remote: { address, port, rtcpPort: rtcpPortOf(media, port) },
    sending: !isHoldAddress(address) && receives(direction),
  };
}

const isAudio = (media: Media, secured: boolean): boolean =>
  media.type === 'audio' && media.port !== 0 && media.proto === profileOf(secured);

function chooseSecured(offer: Sdp, { keying, ssrc, current }: Protection, audio: EndpointMedia): Negotiated {
  let refusal: Refusal | undefined;
  for (const [index, media] of offer.media.entries()) {
    if (!isAudio(media, true)) continue;
    const stream = readStream(offer, media, audio);
    if (typeof stream === 'string') {
      refusal ??= no(stream);
      continue;
    }
    const keys = keying.answer(offer, media, ssrc, current);
    if (!keys.ok) {
      refusal ??= {
        ...no(keys.reason),
        wrongKeyManagement: keys.wrongProtocol,
        concernsKeys: keys.wrongProtocol || keys.endsSession === true,
      };
      continue;
    }
    return choose(offer, index, media, { ...stream, keys: keys.keys }, keys);
  }
  return refusal ?? no('no RTP/SAVP audio stream offered');
}

function choosePlain(offer: Sdp, audio: EndpointMedia): Negotiated {
  for (const [index, media] of offer.media.entries()) {
    if (!isAudio(media, false)) continue;
    const stream = readStream(offer, media, audio);
    return typeof stream === 'string' ? no(stream) : choose(offer, index, media, stream);
  }
  return no('no RTP/AVP audio stream offered');
}

/** RFC 3264 6.1: the answer's direction mirrors the offer's; a side that receives nothing sends nothing here. */
function choose(
  offer: Sdp,
  index: number,
  media: Media,
  parameters: MediaParameters,
  keys?: { session: Attribute[]; media: Attribute[] },
): Negotiated {
  const chosen: Chosen = {
    index,
    media,
    secured: parameters.keys !== undefined,
    parameters,
    direction: mirrored(directionOf(offer, media)),
    session: keys?.session ?? [],
    attributes: keys?.media ?? [],
  };
  return { ok: true, chosen };
}

/** The keys that an offer may get. */
interface Protection {
  keying: KeyManagement;
  /** Of our stream. */
  ssrc: number;
  /** Keys of the session that the offer changes. */
  current?: AgreedKeys | undefined;
}

/**
 * Judges an offer by the unit's media security. Secure takes RTP/SAVP with its own key management only; what a Secure unit
 * answers to plain RTP/AVP is not published: we refuse it in the same way. Fallback prefers the secured stream; a plain one beside
 * a secured one with keys by the other protocol is used, and reported.
 */
export function negotiateOffer(
  offer: Sdp,
  mode: MediaSecurity['mode'],
  protection: Protection,
  audio = plainMedia,
): Negotiated {
  if (mode === 'Unsecure') return choosePlain(offer, audio);
  const secured = chooseSecured(offer, protection, audio);
  if (secured.ok || mode === 'Secure') return secured;
  // A message of the right protocol that fails ends the session (RFC 4567 4.1.2).
  if (secured.concernsKeys && !secured.wrongKeyManagement) return secured;
  const plain = choosePlain(offer, audio);
  if (plain.ok) return { ...plain, wrongKeyManagement: secured.wrongKeyManagement };
  // The first refusal says more when the offer had a secured stream at all.
  return offer.media.some(media => isAudio(media, true)) ? secured : plain;
}

/** The answer to `offer`: the chosen stream on our port, every other refused (RFC 3264 6). */
export function buildAnswer(local: LocalSession, offer: Sdp, chosen: Chosen, port: number, audio = plainMedia): Sdp {
  const media = offer.media.map((one, index): Media => {
    if (index !== chosen.index) return withoutStream(one);
    const { type, proto } = one;
    const lines = answeredFormats(chosen.parameters, audio);
    return {
      type,
      port,
      proto,
      formats: lines.formats,
      attributes: [...chosen.attributes, ...lines.attributes, { name: chosen.direction }],
    };
  });
  return describeSession(local, chosen.session, media);
}

/** The result of an answer: the offered stream that is used, and its parameters. */
type Settled =
  | { ok: true; index: number; parameters: MediaParameters }
  | { ok: false; wrongKeyManagement: boolean; reason: string };

/**
 * Judges the answer to an offer of ours. A refused stream (port 0), another profile, or keys that do not answer ours make the
 * secured call fail (RFC 4568 5.1.3); with fallback the plain stream is used, if the answer took it.
 */
export function negotiateAnswer(streams: readonly OfferedStream[], answer: Sdp, audio = plainMedia): Settled {
  if (answer.media.length !== streams.length) {
    return no(`the answer has ${answer.media.length} streams, the offer ${streams.length}`);
  }
  let refusal = no('every stream was refused');
  for (const [index, offered] of streams.entries()) {
    const media = answer.media[index];
    if (!media || media.port === 0) continue;
    const settled = settle(answer, media, offered, audio);
    if (settled.ok) return { ...settled, index };
    // A secured stream that was accepted with bad keys is not replaced by the plain one: that would be a downgrade.
    if (offered.keys) return settled;
    refusal = settled;
  }
  return refusal;
}

function settle(
  answer: Sdp,
  media: Media,
  offered: OfferedStream,
  audio: EndpointMedia,
): { ok: true; parameters: MediaParameters } | Refusal {
  const profile = profileOf(offered.keys !== undefined);
  if (media.type !== 'audio' || media.proto !== profile)
    return no(`the answer is ${media.type} ${media.proto}, not audio ${profile}`);
  const stream = readStream(answer, media, audio);
  if (typeof stream === 'string') return no(stream);
  if (!offered.keys) return { ok: true, parameters: stream };
  const keys = offered.keys.accept(answer, media);
  if (!keys.ok) return { ...no(keys.reason), wrongKeyManagement: keys.wrongProtocol };
  return { ok: true, parameters: { ...stream, keys: keys.keys } };
}
