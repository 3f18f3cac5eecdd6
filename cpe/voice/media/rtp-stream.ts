// The packets of one RTP stream: numbering, time stamps, audio, digits and protection.
import type { Random } from '../../../shared/clock.ts';
import type { AudioCodec } from './codecs/audio-codec.ts';
import { type CodecName, codecShape } from './codecs/table.ts';
import { type DigitFrame, DigitQueue, eventOf } from './dtmf/digits.ts';
import { END_PACKETS, encodeEvent } from './dtmf/telephone-event.ts';
import { digitSamples } from './dtmf/tones.ts';
import type { MediaOptions, MediaParameters } from './parameters.ts';
import { RTP_CLOCK } from './quality/reception.ts';
import { encodeReport, encodeRtp } from './rtp.ts';
import type { SrtpSender } from './srtp.ts';
import { createTone } from './tone.ts';

/** Minus dBm0 of a telephone-event. */
const EVENT_VOLUME = 10;

/** The audio of the simulated telephone, in one codec. */
interface Voice {
  codec: CodecName;
  coder: AudioCodec;
  tone: (samples: number) => Int16Array;
  rate: number;
}

export class RtpStream {
  readonly #ssrc: number;
  readonly #cname: string;
  readonly #random: Random;
  readonly #frequency: number;
  readonly #digits = new DigitQueue();
  #voice: Voice | undefined;
  #srtp: SrtpSender | undefined;
  #sequence: number;
  #timestamp: number;
  /** Time stamp of the telephone-event that is being sent. */
  #eventStart = 0;
  #marker = true;
  #packets = 0;
  #octets = 0;

  constructor({ ports, ssrc, tone, random }: MediaOptions) {
    this.#ssrc = ssrc;
    this.#random = random;
    this.#cname = `${random.bytes(6).toString('hex')}@${ports.address}`;
    this.#frequency = tone;
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

  /** Sends digits in place of the tone: as telephone-events where the peer takes them, else as tones. */
  sendDigits(digits: string): void {
    this.#digits.add(digits);
  }

  /** Advances by `ptime` of the parameters: the packets of that time, none while on hold. */
  nextPackets(parameters: MediaParameters): Buffer[] {
    const { ptime, sending, eventType } = parameters;
    const voice = this.#voiceOf(parameters);
    const samples = voice.tone((voice.rate * ptime) / 1000);
    const timestamp = this.#timestamp;
    const ticks = (RTP_CLOCK * ptime) / 1000;
    this.#timestamp = (timestamp + ticks) >>> 0;
    if (!sending) return [];
    const digit = this.#digits.next(ptime);
    if (digit === undefined || digit === 'pause') {
      const audio = digit === 'pause' ? new Int16Array(samples.length) : samples;
      return [this.#packet(parameters.payloadType, timestamp, voice.coder.encode(audio))];
    }
    if (eventType !== undefined) return this.#eventPackets(eventType, timestamp, digit);
    const from = (voice.rate * (digit.elapsed - ptime)) / 1000;
    const tones = digitSamples(digit.digit, voice.rate, from, samples.length);
    return [this.#packet(parameters.payloadType, timestamp, voice.coder.encode(tones))];
  }

  /** @param last with a BYE */
  report(now: number, last: boolean, heard?: Parameters<typeof encodeReport>[0]['heard']): Buffer {
    const counts = { packets: this.#packets, octets: this.#octets };
    const [ssrc, cname, timestamp] = [this.#ssrc, this.#cname, this.#timestamp];
    const bytes = encodeReport({ ssrc, cname, now, timestamp, ...counts, ...(heard && { heard }) }, last);
    return this.#srtp ? this.#srtp.protectRtcp(bytes) : bytes;
  }

  /** RFC 4733 2.5.1.2, 2.5.1.4: one packet an interval with the growing duration, and three equal ones at the end. */
  #eventPackets(payloadType: number, timestamp: number, { digit, elapsed, first, last }: DigitFrame): Buffer[] {
    if (first) {
      this.#eventStart = timestamp;
      this.#marker = true;
    }
    const duration = (RTP_CLOCK * elapsed) / 1000;
    const payload = encodeEvent({ event: eventOf(digit), end: last, volume: EVENT_VOLUME, duration });
    const count = last ? END_PACKETS : 1;
    return Array.from({ length: count }, () => this.#packet(payloadType, this.#eventStart, payload));
  }

  #packet(payloadType: number, timestamp: number, payload: Buffer): Buffer {
    const [marker, sequence, ssrc] = [this.#marker, this.#sequence, this.#ssrc];
    const packet = encodeRtp({ payloadType, marker, sequence, timestamp, ssrc, payload });
    this.#sequence = (sequence + 1) & 0xffff;
    this.#marker = false;
    this.#packets++;
    this.#octets += payload.length;
    return this.#srtp ? this.#srtp.protect(packet) : packet;
  }

  #voiceOf({ codec }: MediaParameters): Voice {
    if (this.#voice?.codec === codec) return this.#voice;
    const { sampleRate: rate, open } = codecShape(codec);
    this.#voice = { codec, coder: open(), tone: createTone(this.#frequency, rate), rate };
    return this.#voice;
  }
}

/** RFC 4568 6.4: the first sequence number lies below 2^15, so that a lost first packet cannot hide a roll-over. */
const firstSequence = (random: Random): number => random.int(0, 0x7fff);
