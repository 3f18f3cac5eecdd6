// The formats of an m=audio line (RFC 3264 5.1, 6.1): what the unit offers, and what it agrees to of a peer's offer or answer.
import { UserError } from '../../../../shared/errors.ts';
import { type Attribute, attributeValues, type Media } from '../../../../shared/sip/sdp.ts';
import type { EndpointMedia, OfferedCodec } from '../endpoint-media.ts';
import { type CodecName, codecNames, codecShape } from './table.ts';

/** RFC 4733: digits beside the audio, with the audio's clock of 8000 Hz. */
export const TELEPHONE_EVENT = 'telephone-event';

/** One RTP payload type that the peer may send. */
interface Format {
  readonly codec: CodecName | typeof TELEPHONE_EVENT;
  readonly payloadType: number;
}

export interface AgreedAudio {
  /** Of the packets we send. */
  readonly codec: CodecName;
  readonly payloadType: number;
  /** Milliseconds of audio in each packet we send. */
  readonly ptime: number;
  /** Payload type of the telephone-events we send; absent where the peer takes none. */
  readonly eventType?: number;
  /** Packets that begin each event we send. */
  readonly eventPackets: number;
  readonly receive: readonly Format[];
}

interface Lines {
  formats: string[];
  attributes: Attribute[];
}

const isRtpEvents = ({ dtmf }: EndpointMedia): boolean => dtmf.transport === 'rtp';

function eventLines(payloadType: number): Attribute[] {
  return [
    { name: 'rtpmap', value: `${payloadType} ${TELEPHONE_EVENT}/8000` },
    { name: 'fmtp', value: `${payloadType} 0-15` },
  ];
}

const audioLine = ({ codec, payloadType }: Pick<OfferedCodec, 'codec' | 'payloadType'>): Attribute => ({
  name: 'rtpmap',
  value: `${payloadType} ${codec}/8000`,
});

/** The packet size of the preferred codec speaks for all: SDP has one a=ptime and one a=maxptime a stream. */
function timeLines(first: { minPtime: number; maxPtime: number } | undefined): Attribute[] {
  if (!first) return [];
  return [
    { name: 'ptime', value: String(first.minPtime) },
    { name: 'maxptime', value: String(first.maxPtime) },
  ];
}

/** Formats and attributes of an offer. @throws UserError where no codec is enabled */
export function offeredFormats(media: EndpointMedia): Lines {
  if (media.codecs.length === 0)
    throw new UserError(409, 'no-codec', 'no codec that the unit has is enabled for voice');
  const events = isRtpEvents(media) ? [media.dtmf.payloadType] : [];
  return {
    formats: [...media.codecs.map(one => one.payloadType), ...events].map(String),
    attributes: [...media.codecs.map(audioLine), ...events.flatMap(eventLines), ...timeLines(media.codecs[0])],
  };
}

/** Formats and attributes of the answer to the offer that `agreed` was made of. */
export function answeredFormats(agreed: AgreedAudio, media: EndpointMedia): Lines {
  const { eventType } = agreed;
  const own = media.codecs.find(one => one.codec === agreed.codec);
  return {
    formats: [agreed.payloadType, ...(eventType === undefined ? [] : [eventType])].map(String),
    attributes: [audioLine(agreed), ...(eventType === undefined ? [] : eventLines(eventType)), ...timeLines(own)],
  };
}

/** The payload types of a stream that have a name: by a=rtpmap, else by RFC 3551 6. */
function namedFormats(media: Media): { payloadType: number; name: string }[] {
  const maps = new Map<string, string>();
  for (const value of attributeValues(media, 'rtpmap')) {
    const found = /^(\d{1,3}) +([A-Za-z0-9-]+)\/8000(?:\/1)?$/i.exec(value.trim());
    if (found?.[1] && found[2]) maps.set(found[1], found[2]);
    else maps.set(value.trim().split(' ', 1)[0] ?? '', '');
  }
  return media.formats.flatMap(format => {
    const payloadType = Number(format);
    if (!/^\d{1,3}$/.test(format) || payloadType > 127) return [];
    const name = maps.get(format) ?? codecNames.find(one => codecShape(one).payloadType === payloadType);
    return name ? [{ payloadType, name }] : [];
  });
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** The first number of an attribute that is one; a=ptime may have a fraction. */
function millisecondsOf(media: Media, name: string): number | undefined {
  const value = Number.parseFloat(attributeValues(media, name)[0] ?? '');
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

/** Whole tens of milliseconds: the peer's wish within our bounds, and never more than the peer can take (RFC 4566 6). */
function packetTime(media: Media, { minPtime, maxPtime }: OfferedCodec): number {
  const wish = Math.floor((millisecondsOf(media, 'ptime') ?? minPtime) / 10) * 10;
  const most = Math.floor((millisecondsOf(media, 'maxptime') ?? maxPtime) / 10) * 10;
  return Math.max(10, Math.min(most, Math.max(minPtime, Math.min(maxPtime, wish))));
}

/**
 * The formats that a peer's stream and our settings have in common; undefined without a common codec. The peer's order decides (RFC 3264 6.1).
 * Payload types of an answer are those we send; the peer may send by the numbers of our offer too (RFC 3264 5.1).
 */
export function agreeFormats(peer: Media, media: EndpointMedia): AgreedAudio | undefined {
  const named = namedFormats(peer);
  const common = named.flatMap(({ payloadType, name }) => {
    const own = media.codecs.find(one => sameName(one.codec, name));
    return own ? [{ own, payloadType }] : [];
  });
  const first = common[0];
  if (!first) return undefined;
  const receive: Format[] = common.map(({ own, payloadType }) => ({ codec: own.codec, payloadType }));
  const event = isRtpEvents(media) ? named.find(({ name }) => sameName(name, TELEPHONE_EVENT)) : undefined;
  if (event) receive.push({ codec: TELEPHONE_EVENT, payloadType: event.payloadType });
  return {
    codec: first.own.codec,
    payloadType: first.payloadType,
    ptime: packetTime(peer, first.own),
    ...(event && { eventType: event.payloadType }),
    eventPackets: media.dtmf.initialPackets,
    receive: withOurNumbers(receive, media),
  };
}

/** Adds the payload types of our own offer where the peer's are others and theirs are free. */
function withOurNumbers(receive: readonly Format[], media: EndpointMedia): Format[] {
  const taken = new Set(receive.map(one => one.payloadType));
  const ours: Format[] = [...media.codecs, { codec: TELEPHONE_EVENT, payloadType: media.dtmf.payloadType }];
  const agreed = new Set(receive.map(one => one.codec));
  const added = ours.filter(one => agreed.has(one.codec) && !taken.has(one.payloadType));
  return [...receive, ...added.map(({ codec, payloadType }) => ({ codec, payloadType }))];
}
