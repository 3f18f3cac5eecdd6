// The receiving half of a call's media: checks packets, counts them, and keeps the last samples for tone recognition.
import { decodeG711 } from './g711.ts';
import type { MediaParameters, MediaStats } from './parameters.ts';
import { decodeRtp, readReport } from './rtp.ts';
import type { SrtpReceiver, Unprotected } from './srtp.ts';
import { recogniseTone } from './tone.ts';

/** Samples examined for a tone: the last 400 ms. */
const TONE_SAMPLES = 3200;

export class MediaReceiver {
  readonly #counts = { received: 0, authFailures: 0, replays: 0, strangers: 0, rtcpReceived: 0 };
  /** The last samples received, oldest first. */
  #samples = new Int16Array(0);
  #srtp: SrtpReceiver | undefined;
  /** Packets under the key before the last change may still be on their way. */
  #previous: SrtpReceiver | undefined;

  /** Changes the keys; undefined for plain RTP. */
  useKeys(srtp: SrtpReceiver | undefined): void {
    this.#previous = this.#srtp;
    this.#srtp = srtp;
  }

  stats(): Omit<MediaStats, 'sent'> {
    return { ...this.#counts, tone: recogniseTone(this.#samples) };
  }

  takeRtp(bytes: Buffer, address: string, { remote, payloadType, codec }: MediaParameters): void {
    // Without SRTP only the address tells the peer from a stranger.
    if (!this.#srtp && address !== remote.address) {
      this.#counts.strangers++;
      return;
    }
    const plain = this.#open(srtp => srtp.unprotect(bytes), bytes);
    if (!plain) return;
    const packet = decodeRtp(plain);
    if (packet?.payloadType !== payloadType) {
      this.#counts.strangers++;
      return;
    }
    this.#counts.received++;
    this.#remember(decodeG711(codec, packet.payload));
  }

  takeRtcp(bytes: Buffer, address: string, { remote }: MediaParameters): void {
    if (!this.#srtp && address !== remote.address) return;
    const plain = this.#open(srtp => srtp.unprotectRtcp(bytes), bytes);
    if (plain && readReport(plain)) this.#counts.rtcpReceived++;
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

  #remember(samples: Int16Array): void {
    const all = new Int16Array(this.#samples.length + samples.length);
    all.set(this.#samples);
    all.set(samples, this.#samples.length);
    this.#samples = all.slice(-TONE_SAMPLES);
  }
}
