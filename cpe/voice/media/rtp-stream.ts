// The packets of one RTP stream: numbering, time stamps, audio, digits and protection.
import type { Random } from '../../../shared/clock.ts';
import type { AudioCodec } from './codecs/audio-codec.ts';
import { type CodecName, codecShape } from './codecs/table.ts';
import { type DigitFrame, DigitQueue, eventOf } from './dtmf/digits.ts';
import { END_PACKETS, encodeEvent } from './dtmf/telephone-event.ts';
import { digitSamples } from './dtmf/tones.ts';
import type { MediaOptions, MediaParameters } from './parameters.ts';
import { RTP_CLOCK } from './quality/reception.ts';
import { encodeReport, encodeRtp, type SenderState } from './rtp.ts';
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

/** The packets of one SSRC: numbered, counted and protected. */
class PacketWriter {
  readonly #ssrc: number;
  readonly #random: Random;
  #srtp: SrtpSender | undefined;
  #sequence: number;
  packets = 0;
  octets = 0;
  /** The next packet begins a spurt of talk, or an event (RFC 3550 5.1). */
  marker = true;

  constructor(ssrc: number, random: Random) {
    this.#ssrc = ssrc;
    this.#random = random;
    this.#sequence = firstSequence(random);
  }

  useKeys(srtp: SrtpSender | undefined, changed: boolean): void {
    this.#srtp = srtp;
    // RFC 4568 7.1.4: a new key begins with roll-over counter 0; the unit restarts its sequence with it.
    if (changed) this.#sequence = firstSequence(this.#random);
  }

  write(payloadType: number, timestamp: number, payload: Buffer): Buffer {
    const [marker, sequence, ssrc] = [this.marker, this.#sequence, this.#ssrc];
    const packet = encodeRtp({ payloadType, marker, sequence, timestamp, ssrc, payload });
    this.#sequence = (sequence + 1) & 0xffff;
    this.marker = false;
    this.packets++;
    this.octets += payload.length;
    return this.#srtp ? this.#srtp.protect(packet) : packet;
  }

  protectRtcp(bytes: Buffer): Buffer {
    return this.#srtp ? this.#srtp.protectRtcp(bytes) : bytes;
  }
}

export class RtpStream {
  readonly #ssrc: number;
  readonly #cname: string;
  readonly #frequency: number;
  readonly #digits = new DigitQueue();
  readonly #writer: PacketWriter;
  #voice: Voice | undefined;
  #timestamp: number;
  /** Time stamp of the telephone-event that is being sent. */
  #eventStart = 0;

  constructor({ ports, ssrc, tone, random }: MediaOptions) {
    this.#ssrc = ssrc;
    this.#cname = `${random.bytes(6).toString('hex')}@${ports.address}`;
    this.#frequency = tone;
    this.#writer = new PacketWriter(ssrc, random);
    this.#timestamp = random.bytes(4).readUInt32BE();
  }

  /** Number of packets so far. */
  get packets(): number {
    return this.#writer.packets;
  }

  /** Changes the keys; undefined for plain RTP. @param changed false for the first keys of the call */
  useKeys(srtp: SrtpSender | undefined, changed: boolean): void {
    this.#writer.useKeys(srtp, changed);
  }

  /** Sends digits in place of the tone: as telephone-events where the peer takes them, else as tones. */
  sendDigits(digits: string): void {
    this.#digits.add(digits);
  }

  /** Advances by `ptime` of the parameters: the packets of that time, none while on hold. */
  nextPackets(parameters: MediaParameters): Buffer[] {
    const { ptime, sending, eventType, payloadType } = parameters;
    if (this.#voice?.codec !== parameters.codec) this.#voice = openVoice(parameters.codec, this.#frequency);
    const { tone, rate, coder } = this.#voice;
    const count = (rate * ptime) / 1000;
    const samples = tone(count);
    const timestamp = this.#timestamp;
    this.#timestamp = (timestamp + (RTP_CLOCK * ptime) / 1000) >>> 0;
    if (!sending) return [];
    const digit = this.#digits.next(ptime);
    if (digit === undefined) return [this.#writer.write(payloadType, timestamp, coder.encode(samples))];
    if (digit === 'pause') return [this.#writer.write(payloadType, timestamp, coder.encode(new Int16Array(count)))];
    if (eventType !== undefined) return this.#eventPackets(parameters, eventType, timestamp, digit);
    const tones = digitSamples(digit.digit, rate, (rate * (digit.elapsed - ptime)) / 1000, count);
    return [this.#writer.write(payloadType, timestamp, coder.encode(tones))];
  }

  /** @param last with a BYE */
  report(now: number, last: boolean, heard: SenderState['heard']): Buffer {
    const { packets, octets } = this.#writer;
    const state = { ssrc: this.#ssrc, cname: this.#cname, now, timestamp: this.#timestamp, packets, octets };
    return this.#writer.protectRtcp(encodeReport({ ...state, ...(heard && { heard }) }, last));
  }

  /** RFC 4733 2.5.1.2, 2.5.1.4: a packet an interval with the growing duration, the first ones and the last ones repeated. */
  #eventPackets(
    { eventPackets }: MediaParameters,
    payloadType: number,
    timestamp: number,
    { digit, elapsed, first, last }: DigitFrame,
  ): Buffer[] {
    if (first) {
      this.#eventStart = timestamp;
      this.#writer.marker = true;
    }
    const duration = (RTP_CLOCK * elapsed) / 1000;
    const payload = encodeEvent({ event: eventOf(digit), end: last, volume: EVENT_VOLUME, duration });
    const usual = first ? eventPackets : 1;
    const count = last ? END_PACKETS : usual;
    return Array.from({ length: count }, () => this.#writer.write(payloadType, this.#eventStart, payload));
  }
}

function openVoice(codec: CodecName, frequency: number): Voice {
  const { sampleRate: rate, open } = codecShape(codec);
  return { codec, coder: open(), tone: createTone(frequency, rate), rate };
}

/** RFC 4568 6.4: the first sequence number lies below 2^15, so that a lost first packet cannot hide a roll-over. */
const firstSequence = (random: Random): number => random.int(0, 0x7fff);
