// The receiving half of a call's media: checks packets, counts them, and recognises tones and digits in them.
import type { Clock } from '../../../shared/clock.ts';
import { TELEPHONE_EVENT } from './codecs/formats.ts';
import { HeardAudio } from './heard-audio.ts';
import { ReceivingKeys } from './keys/receiving-keys.ts';
import type { MediaParameters, MediaStats } from './parameters.ts';
import { PeerReports } from './quality/peer-reports.ts';
import { Reception } from './quality/reception.ts';
import { decodeRtp, readReport, type SenderState } from './rtp.ts';
import type { SrtpReceiver } from './srtp.ts';

export class MediaReceiver {
  readonly #clock: Clock;
  readonly #reports: PeerReports;
  readonly #counts = { received: 0, strangers: 0, rtcpReceived: 0 };
  readonly #reception = new Reception();
  readonly #audio = new HeardAudio();
  readonly #keys = new ReceivingKeys(() => this.#reception.restart());

  /** @param ssrc of our own stream, of which the peer reports */
  constructor(clock: Clock, ssrc: number) {
    this.#clock = clock;
    this.#reports = new PeerReports(clock, ssrc);
  }

  onCallingTone(listener: () => void): void {
    this.#audio.onCallingTone = listener;
  }

  /** Changes the keys; undefined for plain RTP. */
  useKeys(srtp: SrtpReceiver | undefined, parameters: MediaParameters): void {
    this.#keys.use(srtp, parameters);
  }

  stats(): Omit<MediaStats, 'sent'> {
    const { counts, jitter } = this.#reception;
    const { lost: peerLost, roundTrip } = this.#reports;
    const { tone, digits } = this.#audio;
    const { authFailures, replays, malformed } = this.#keys.counts;
    const strangers = this.#counts.strangers + malformed;
    const refused = { authFailures, replays, strangers };
    return { ...this.#counts, ...counts, ...refused, jitter, peerLost, roundTrip, tone, digits };
  }

  /** The peer's stream, for our next RTCP report. */
  report(): SenderState['heard'] {
    const report = this.#reception.report();
    return report && { ...report, ...this.#reports.times() };
  }

  takeRtp(bytes: Buffer, address: string, { remote, receive, eventType }: MediaParameters): void {
    // Without SRTP only the address tells the peer from a stranger.
    if (this.#keys.none && address !== remote.address) {
      this.#counts.strangers++;
      return;
    }
    const retry = (later: MediaParameters): void => this.takeRtp(bytes, address, later);
    const plain = this.#keys.open(srtp => srtp.unprotect(bytes), bytes, retry);
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
    if (this.#keys.none && address !== remote.address) return;
    const retry = (later: MediaParameters): void => this.takeRtcp(bytes, address, later);
    const plain = this.#keys.open(srtp => srtp.unprotectRtcp(bytes), bytes, retry);
    if (!plain || !readReport(plain)) return;
    this.#counts.rtcpReceived++;
    this.#reports.take(plain);
  }
}
