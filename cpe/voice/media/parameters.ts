// The parameters and the numbers of one call's media.
import type { Clock, Random } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { Port } from '../../../shared/net/port.ts';
import type { AgreedAudio } from './codecs/formats.ts';
import type { AgreedKeys } from './keying.ts';
import type { MediaPorts } from './ports.ts';

/** The result of offer and answer. */
export interface MediaParameters extends AgreedAudio {
  /** Without `rtcpPort`, no report can be sent. */
  remote: { address: string; port: Port; rtcpPort: Port | undefined };
  /** Both present or both absent. */
  keys?: AgreedKeys;
  /** False while on hold. */
  sending: boolean;
}

export interface MediaStats {
  sent: number;
  received: number;
  /** Packets of the peer that did not come, and those that should have (RFC 3550 A.3). */
  lost: number;
  expected: number;
  /** Milliseconds (RFC 3550 A.8), at the largest. */
  jitter: number;
  /** Packets of ours that the peer has missed, by its RTCP reports. */
  peerLost: number | undefined;
  /** Milliseconds to the peer and back, by RTCP. */
  roundTrip: number | undefined;
  authFailures: number;
  replays: number;
  /** Packets that were no RTP or came from elsewhere. */
  strangers: number;
  rtcpReceived: number;
  /** Hz in the audio received lately. */
  tone: number | undefined;
  /** DTMF digits heard, as tones or telephone-events: the last 64. */
  digits: string;
}

export interface MediaOptions {
  ports: MediaPorts;
  /** Ours; known before the ports are, since keys may be bound to it. */
  ssrc: number;
  /** Hz to play. */
  tone: number;
  clock: Clock;
  random: Random;
  log: Log;
}
