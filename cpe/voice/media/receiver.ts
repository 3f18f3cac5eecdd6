// The receiving half of a call's media: checks packets, counts them, and recognises tones and digits in them.
import type { Clock } from '../../../shared/clock.ts';
import { TELEPHONE_EVENT } from './codecs/formats.ts';
import { HeardAudio } from './heard-audio.ts';
import type { MediaParameters, MediaStats } from './parameters.ts';
import { PeerReports } from './quality/peer-reports.ts';
import { Reception } from './quality/reception.ts';
import { decodeRtp, readReport, type SenderState } from './rtp.ts';
import type { SrtpReceiver, Unprotected } from './srtp.ts';

export class MediaReceiver {
  readonly #clock: Clock;
  readonly #reports: PeerReports;
  readonly #counts = { received: 0, authFailures: 0, replays: 0, strangers: 0, rtcpReceived: 0 };
  readonly #reception = new Reception();
  readonly #audio = new HeardAudio();
  #srtp: SrtpReceiver | undefined;
  /** Packets under the key before the last change may still be on their way. */
  #previous: SrtpReceiver | undefined;

  /** @param ssrc of our own stream, of which the peer reports */
  constructor(clock: Clock, ssrc: number) {
    this.#clock = clock;
    this.#reports = new PeerReports(clock, ssrc);
  }

  /** Changes the keys; undefined for plain RTP. */
  useKeys(srtp: SrtpReceiver | undefined): void {
    this.#previous = this.#srtp;
    this.#srtp = srtp;
  }

  stats(): Omit<MediaStats, 'sent'> {
    const { counts, jitter } = this.#reception;
    const { lost: peerLost, roundTrip } = this.#reports;
    const { tone, digits } = this.#audio;
    return { ...this.#counts, ...counts, jitter, peerLost, roundTrip, tone, digits };
  }

  /** The peer's stream, for our next RTCP report. */
  report(): SenderState['heard'] {
    const report = this.#reception.report();
    return report && { ...report, ...this.#reports.times() };
  }

  takeRtp(bytes: Buffer, address: string, { remote, receive, eventType }: MediaParameters): void {
    // Without SRTP only the address tells the peer from a stranger.
    if (!this.#srtp && address !== remote.address) {
      this.#counts.strangers++;
      return;
    }
    const plain = this.#open(srtp => srtp.unprotect(bytes), bytes);
    if (!plain) return;
    const packet = decodeRtp(plain);
    const format = packet && receive.find(one => one.payloadType === packet.payloadType);
    if (!packet || !format) {
      this.#counts.strangers++;
      return;
    }
    this.#counts.received++;
    this.#reception.take(packet, this.#clock.monotonic());
    if (format.codec === TELEPHONE_EVENT) this.#audio.takeEvent(packet);
    else this.#audio.take(format.codec, packet.payload, eventType === undefined);
  }

  takeRtcp(bytes: Buffer, address: string, { remote }: MediaParameters): void {
    if (!this.#srtp && address !== remote.address) return;
    const plain = this.#open(srtp => srtp.unprotectRtcp(bytes), bytes);
    if (!plain || !readReport(plain)) return;
    this.#counts.rtcpReceived++;
    this.#reports.take(plain);
  }

  /** The packet inside, or undefined after counting the reason. */
  #open(take: (srtp: SrtpReceiver) => Unprotected, bytes: Buffer): Buffer | undefined {
    if (!this.#srtp) return bytes;
    let result = take(this.#srtp);
    if (result.ok && this.#previous) {
      this.#previous = undefined;
      this.#reception.restart();
    } else if (!result.ok && this.#previous && result.reason === 'authentication') result = take(this.#previous);
    if (result.ok) return result.packet;
    if (result.reason === 'authentication') this.#counts.authFailures++;
    else if (result.reason === 'replay') this.#counts.replays++;
    else this.#counts.strangers++;
    return undefined;
  }
}
