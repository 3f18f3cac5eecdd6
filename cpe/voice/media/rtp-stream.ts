// The packets of one RTP stream: numbering, time stamps, audio and protection.
import type { Random } from '../../../shared/clock.ts';
import { encodeG711 } from './g711.ts';
import type { MediaOptions, MediaParameters } from './parameters.ts';
import { encodeReport, encodeRtp } from './rtp.ts';
import type { SrtpSender } from './srtp.ts';
import { createTone, SAMPLE_RATE } from './tone.ts';

export const FRAME_MS = 20;
const FRAME_SAMPLES = (SAMPLE_RATE * FRAME_MS) / 1000;

export class RtpStream {
  readonly #ssrc: number;
  readonly #cname: string;
  readonly #random: Random;
  readonly #tone: (samples: number) => Int16Array;
  #srtp: SrtpSender | undefined;
  #sequence: number;
  #timestamp: number;
  #marker = true;
  #packets = 0;
  #octets = 0;

  constructor({ ports, ssrc, tone, random }: MediaOptions) {
    this.#ssrc = ssrc;
    this.#random = random;
    this.#cname = `${random.bytes(6).toString('hex')}@${ports.address}`;
    this.#tone = createTone(tone);
    this.#sequence = firstSequence(random);
    this.#timestamp = random.bytes(4).readUInt32BE();
  }

  get packets(): number {
    return this.#packets;
  }

  useKeys(srtp: SrtpSender | undefined, changed: boolean): void {
    this.#srtp = srtp;
    // RFC 4568 7.1.4: a new key begins with roll-over counter 0; the unit restarts its sequence with it.
    if (changed) this.#sequence = firstSequence(this.#random);
  }

  /** Advances by one frame; undefined while on hold. */
  nextFrame({ sending, codec, payloadType }: MediaParameters): Buffer | undefined {
    const samples = this.#tone(FRAME_SAMPLES);
    const timestamp = this.#timestamp;
    this.#timestamp = (timestamp + FRAME_SAMPLES) >>> 0;
    if (!sending) return undefined;
    const payload = encodeG711(codec, samples);
    const [marker, sequence, ssrc] = [this.#marker, this.#sequence, this.#ssrc];
    const packet = encodeRtp({ payloadType, marker, sequence, timestamp, ssrc, payload });
    this.#sequence = (sequence + 1) & 0xffff;
    this.#marker = false;
    this.#packets++;
    this.#octets += payload.length;
    return this.#srtp ? this.#srtp.protect(packet) : packet;
  }

  /** @param last with a BYE */
  report(now: number, last: boolean): Buffer {
    const counts = { packets: this.#packets, octets: this.#octets };
    const [ssrc, cname, timestamp] = [this.#ssrc, this.#cname, this.#timestamp];
    const bytes = encodeReport({ ssrc, cname, now, timestamp, ...counts }, last);
    return this.#srtp ? this.#srtp.protectRtcp(bytes) : bytes;
  }
}

/** RFC 4568 6.4: the first sequence number lies below 2^15, so that a lost first packet cannot hide a roll-over. */
const firstSequence = (random: Random): number => random.int(0, 0x7fff);
