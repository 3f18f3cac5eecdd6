// The parameters and the numbers of one call's media.
import type { Clock, Random } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { Port } from '../../../shared/net/port.ts';
import type { Codec } from './g711.ts';
import type { MediaPorts } from './ports.ts';
import type { SrtpKeying } from './srtp.ts';

/** The result of offer and answer. */
export interface MediaParameters {
  /** Without `rtcpPort`, no report can be sent. */
  remote: { address: string; port: Port; rtcpPort: Port | undefined };
  codec: Codec;
  payloadType: number;
  /** Both present or both absent. */
  keys?: { send: SrtpKeying; receive: SrtpKeying };
  /** False while on hold. */
  sending: boolean;
}

export interface MediaStats {
  sent: number;
  received: number;
  authFailures: number;
  replays: number;
  /** Packets that were no RTP or came from elsewhere. */
  strangers: number;
  rtcpReceived: number;
  /** Hz in the audio received lately. */
  tone: number | undefined;
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
