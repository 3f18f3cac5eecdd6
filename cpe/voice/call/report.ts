// The report of a call: what was agreed for it, what was sent and heard, and how good it was.
import type { FaxReport } from '../fax/fax-session.ts';
import { codecShape } from '../media/codecs/table.ts';
import type { AgreedKeys } from '../media/keying.ts';
import type { MediaParameters, MediaStats } from '../media/parameters.ts';
import { opinionOf, ratingOf } from '../media/quality/e-model.ts';

/** A call as it is, or as it was at its end. Counts are RTP packets, times milliseconds. */
export interface CallReport {
  /** Name in SDP of the codec that we send. */
  codec: string;
  /** Audio in each packet we send. */
  ptime: number;
  /** SRTP suite, or `none`. */
  suite: string;
  /** The protocol that agreed on the keys. Absent without SRTP. */
  keys?: AgreedKeys['protocol'];
  /** Destination of the media: `address:port`. */
  remote: string;
  sent: number;
  received: number;
  authFailures: number;
  replays: number;
  /** Packets of the peer that did not come (RFC 3550 A.3). */
  lost: number;
  /** The largest interarrival jitter (RFC 3550 A.8). */
  jitter: number;
  /** Packets of ours that the peer missed, and the time there and back: where the peer sends RTCP reports. */
  peerLost?: number;
  roundTrip?: number;
  /** Rating R of the E-model (ITU-T G.107), 0..93.2, and the opinion score it stands for, 1..4.5. Absent before the first packet. */
  rating?: number;
  mos?: number;
  /** Hz recognised in the audio received lately. */
  tone?: number;
  /** DTMF digits heard, the last 64. Absent where none was. */
  digits?: string;
  /** The fax in the place of the audio. Absent where there was none. */
  fax?: FaxReport;
}

const rounded = (value: number, places: number): number => Number(value.toFixed(places));

/** Delay in one direction: half the way there and back, one packet, and a jitter buffer of twice the jitter, which is ours. */
function qualityOf({ codec, ptime }: MediaParameters, stats: MediaStats): { rating: number; mos: number } | undefined {
  if (stats.expected === 0) return undefined;
  const delay = (stats.roundTrip ?? 0) / 2 + ptime + 2 * stats.jitter;
  const loss = (100 * stats.lost) / stats.expected;
  const rating = ratingOf({ ...codecShape(codec).impairment, loss, delay });
  return { rating: rounded(rating, 1), mos: rounded(opinionOf(rating), 2) };
}

export function reportOf(parameters: MediaParameters, stats: MediaStats, fax?: FaxReport): CallReport {
  const { codec, ptime, keys, remote } = parameters;
  const { sent, received, authFailures, replays, lost, peerLost, roundTrip, tone, digits } = stats;
  return {
    codec,
    ptime,
    suite: keys?.send.suite ?? 'none',
    ...(keys && { keys: keys.protocol }),
    remote: `${remote.address}:${remote.port}`,
    sent,
    received,
    authFailures,
    replays,
    lost,
    jitter: rounded(stats.jitter, 1),
    ...(peerLost !== undefined && { peerLost }),
    ...(roundTrip !== undefined && { roundTrip: rounded(roundTrip, 1) }),
    ...qualityOf(parameters, stats),
    ...(tone !== undefined && { tone }),
    ...(digits !== '' && { digits }),
    ...(fax && { fax }),
  };
}
