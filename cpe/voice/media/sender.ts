// The sending half of a call's media: an RTP packet of tone every 20 ms, and RTCP sender reports (RFC 3550 6.4.1).
import type { Socket } from 'node:dgram';
import type { Clock, Random, Timer } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { encodeG711 } from './g711.ts';
import type { MediaOptions, MediaParameters } from './media.ts';
import type { MediaPorts } from './ports.ts';
import { encodeReport, encodeRtp } from './rtp.ts';
import type { SrtpSender } from './srtp.ts';
import { createTone, SAMPLE_RATE } from './tone.ts';

const FRAME_MS = 20;
const FRAME_SAMPLES = (SAMPLE_RATE * FRAME_MS) / 1000;
/** Frames that are caught up after a stall of the host; a longer stall is lost time, as on a real unit. */
const MOST_CATCH_UP = 25;
const REPORT_MS = 5000;

export class MediaSender {
  readonly #ports: MediaPorts;
  readonly #clock: Clock;
  readonly #stream: RtpStream;
  #parameters: MediaParameters | undefined;
  #frameTimer: Timer | undefined;
  #reportTimer: Timer | undefined;
  #started = 0;
  #frames = 0;
  #stopped = false;
  readonly #log: Log;

  constructor(options: MediaOptions) {
    this.#ports = options.ports;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#stream = new RtpStream(options);
  }

  /** Number of RTP packets sent. */
  get sent(): number {
    return this.#stream.packets;
  }

  /** Changes the keys; undefined for plain RTP. @param changed false for the first keys of the call */
  useKeys(srtp: SrtpSender | undefined, changed: boolean): void {
    this.#stream.useKeys(srtp, changed);
  }

  /** Starts, or continues with other parameters. */
  send(parameters: MediaParameters): void {
    const first = this.#parameters === undefined;
    this.#parameters = parameters;
    if (!first) return;
    this.#started = this.#clock.monotonic();
    this.#tick();
    this.#reportLater();
  }

  pause(): void {
    this.#frameTimer?.cancel();
    this.#reportTimer?.cancel();
  }

  sayBye(): Promise<void> {
    return new Promise(resolve => this.#report(true, resolve));
  }

  stop(): void {
    this.#stopped = true;
  }

  #tick(): void {
    if (this.#stopped) return;
    const elapsed = this.#clock.monotonic() - this.#started;
    let due = Math.floor(elapsed / FRAME_MS) + 1 - this.#frames;
    if (due > MOST_CATCH_UP) {
      this.#started += (due - MOST_CATCH_UP) * FRAME_MS;
      due = MOST_CATCH_UP;
    }
    for (; due > 0; due--, this.#frames++) this.#sendFrame();
    const next = this.#started + this.#frames * FRAME_MS - this.#clock.monotonic();
    this.#frameTimer = this.#clock.after(Math.max(0, next), () => this.#tick());
  }

  #sendFrame(): void {
    if (!this.#parameters) return;
    const packet = this.#stream.nextFrame(this.#parameters);
    if (packet) this.#transmit(this.#ports.rtp, packet, this.#parameters.remote.port);
  }

  #report(last: boolean, done?: () => void): void {
    const bytes = this.#stream.report(this.#clock.now(), last);
    this.#transmit(this.#ports.rtcp, bytes, (this.#parameters?.remote.port ?? 0) + 1, done);
  }

  #reportLater(): void {
    this.#reportTimer = this.#clock.after(REPORT_MS, () => {
      this.#report(false);
      this.#reportLater();
    });
  }

  #transmit(socket: Socket, bytes: Buffer, port: number, done?: () => void): void {
    if (!this.#parameters) return;
    // An unreachable peer shows as missing packets, not as a failure of the unit.
    socket.send(bytes, port, this.#parameters.remote.address, error => {
      if (error) this.#log.debug('media packet not sent', { reason: messageOf(error) });
      done?.();
    });
  }
}

/** The packets of one RTP stream: numbering, time stamps, audio and protection. */
class RtpStream {
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
