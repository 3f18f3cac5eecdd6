// The receiving half of a call's media: checks packets, counts them, and recognises tones and digits in them.
import type { Clock } from '../../../shared/clock.ts';
import { TELEPHONE_EVENT } from './codecs/formats.ts';
import { HeardAudio } from './heard-audio.ts';
import type { MediaParameters, MediaStats } from './parameters.ts';
import { Reception } from './quality/reception.ts';
import { decodeRtp, type encodeReport, middleOfNtp, readPeerReport, readReport } from './rtp.ts';
import type { SrtpReceiver, Unprotected } from './srtp.ts';

export class MediaReceiver {
  readonly #clock: Clock;
  /** Of our own stream, whose fate the peer reports. */
  readonly #ssrc: number;
  readonly #counts = { received: 0, authFailures: 0, replays: 0, strangers: 0, rtcpReceived: 0 };
  readonly #reception = new Reception();
  readonly #audio = new HeardAudio();
  #srtp: SrtpReceiver | undefined;
  /** Packets under the key before the last change may still be on their way. */
  #previous: SrtpReceiver | undefined;
  /** The peer's last sender report: its own time stamp, and when it came. */
  #lastReport: { sentAt: number; at: number } | undefined;
  #peerLost: number | undefined;
  #roundTrip: number | undefined;

  constructor(clock: Clock, ssrc: number) {
    this.#clock = clock;
    this.#ssrc = ssrc;
  }

  /** Changes the keys; undefined for plain RTP. */
  useKeys(srtp: SrtpReceiver | undefined): void {
    this.#previous = this.#srtp;
    this.#srtp = srtp;
  }

  stats(): Omit<MediaStats, 'sent'> {
    const { lost, expected, jitter } = this.#reception;
    const [peerLost, roundTrip] = [this.#peerLost, this.#roundTrip];
    const { tone, digits } = this.#audio;
    return { ...this.#counts, lost, expected, jitter: jitter.largest, peerLost, roundTrip, tone, digits };
  }

  /** What our next RTCP report says of the peer's stream. */
  report(): Parameters<typeof encodeReport>[0]['heard'] {
    const report = this.#reception.report();
    if (!report) return undefined;
    const last = this.#lastReport;
    const since = last ? Math.round(((this.#clock.monotonic() - last.at) * 0x1_0000) / 1000) : 0;
    return { ...report, lastReport: last?.sentAt ?? 0, sinceReport: since };
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
    const { sentAt, about } = readPeerReport(plain, this.#ssrc);
    if (sentAt !== undefined) this.#lastReport = { sentAt, at: this.#clock.monotonic() };
    if (!about) return;
    this.#peerLost = Math.max(0, about.lost);
    if (about.lastReport === 0) return;
    const units = (middleOfNtp(this.#clock.now()) - about.lastReport - about.sinceReport) | 0;
    // A clock that was set meanwhile measures nothing.
    if (units >= 0) this.#roundTrip = (1000 * units) / 0x1_0000;
  }

  /** The packet inside, or undefined after counting the reason. */
  #open(take: (srtp: SrtpReceiver) => Unprotected, bytes: Buffer): Buffer | undefined {
    if (!this.#srtp) return bytes;
    let result = take(this.#srtp);
    if (result.ok) this.#previous = undefined;
    else if (this.#previous && result.reason === 'authentication') result = take(this.#previous);
    if (result.ok) return result.packet;
    if (result.reason === 'authentication') this.#counts.authFailures++;
    else if (result.reason === 'replay') this.#counts.replays++;
    else this.#counts.strangers++;
    return undefined;
  }
}
