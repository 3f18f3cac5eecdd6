// T.38 in session descriptions (ITU-T T.38 annex D): the fax stream of an offer or answer, read and written.
import { isIP } from 'node:net';
import { type Port, portOf } from '../../../shared/net/port.ts';
import { type Attribute, attributeValues, type Media, mediaAddress, type Sdp } from '../../../shared/sip/sdp.ts';
import { describeSession, hasAudio, type LocalSession, withoutStream } from '../media/sdp-negotiation.ts';

/** A fax stream that can be used. */
export interface FaxStream {
  /** Index of the m= line. */
  index: number;
  remote: { address: string; port: Port };
  /** Bit/s of the fastest modem the peer wants. */
  maxRate: number;
  /** Bytes of the longest datagram it takes. */
  maxDatagram: number;
}

const MAX_RATE = 14_400;
/** Ours: a packet of page data at 14,400 bit/s and five before it are below 500 bytes. */
const MAX_DATAGRAM = 1400;
/** Where the peer names no size: T.38 has none; it holds one packet with little redundancy. */
const LEAST_DATAGRAM = 200;

const attributes: Attribute[] = [
  { name: 'T38FaxVersion', value: '0' },
  { name: 'T38MaxBitRate', value: String(MAX_RATE) },
  { name: 'T38FaxRateManagement', value: 'transferredTCF' },
  { name: 'T38FaxMaxBuffer', value: String(MAX_DATAGRAM) },
  { name: 'T38FaxMaxDatagram', value: String(MAX_DATAGRAM) },
  { name: 'T38FaxUdpEC', value: 't38UDPRedundancy' },
];

const isFax = ({ type, proto, formats }: Media): boolean =>
  type === 'image' && proto.toLowerCase() === 'udptl' && formats.some(format => format.toLowerCase() === 't38');

function numberOf(media: Media, name: string): number | undefined {
  const text = attributeValues(media, name)[0]?.trim() ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

/**
 * The fax stream of a description, where it has one and no audio; undefined where there is none that can be used. Over UDP the training
 * check is always transferred (T.38 8.2), and versions other than 0 encode IFP in another way.
 */
export function faxStreamOf(sdp: Sdp): FaxStream | undefined {
  if (hasAudio(sdp)) return undefined;
  const index = sdp.media.findIndex(media => isFax(media) && media.port !== 0);
  const media = sdp.media[index];
  if (!media) return undefined;
  const address = mediaAddress(sdp, media)?.address ?? '';
  const port = portOf(media.port);
  const management = attributeValues(media, 'T38FaxRateManagement')[0]?.trim().toLowerCase();
  if (isIP(address) === 0 || port === undefined || management === 'localtcf') return undefined;
  return {
    index,
    remote: { address, port },
    maxRate: numberOf(media, 'T38MaxBitRate') ?? MAX_RATE,
    maxDatagram: Math.max(LEAST_DATAGRAM, numberOf(media, 'T38FaxMaxDatagram') ?? MAX_DATAGRAM),
  };
}

function describeFax(local: LocalSession, like: readonly Media[], index: number, port: number): Sdp {
  const fax: Media = { type: 'image', port, proto: 'udptl', formats: ['t38'], attributes };
  const media = like.map((one, at) => (at === index ? fax : withoutStream(one)));
  return describeSession(local, [], media);
}

/** An offer of fax in the place of the stream in use (RFC 3264 8.3.3). @param previous our last description */
export function faxOffer(local: LocalSession, previous: Sdp, index: number, port: number): Sdp {
  return describeFax(local, previous.media, index, port);
}

/** The answer that takes the fax stream of an offer. */
export function faxAnswer(local: LocalSession, offer: Sdp, index: number, port: number): Sdp {
  return describeFax(local, offer.media, index, port);
}
