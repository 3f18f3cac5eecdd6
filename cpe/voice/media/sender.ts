// The sending half of a call's media: an RTP packet of tone every 20 ms, and RTCP sender reports (RFC 3550 6.4.1).
import type { Socket } from 'node:dgram';
import type { Clock, Timer } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { Port } from '../../../shared/net/port.ts';
import { sendDatagram } from '../../../shared/net/udp.ts';
import type { MediaOptions, MediaParameters } from './parameters.ts';
import type { MediaPorts } from './ports.ts';
import { FRAME_MS, RtpStream } from './rtp-stream.ts';
import type { SrtpSender } from './srtp.ts';

/** Frames that are caught up after a stall of the host; a longer stall is lost time, as on a real unit. */
const MOST_CATCH_UP = 25;
const REPORT_MS = 5000;

export class MediaSender {
  readonly #ports: MediaPorts;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stream: RtpStream;
  readonly #pace: Pace;
  #parameters: MediaParameters | undefined;
  #reportTimer: Timer | undefined;

  constructor(options: MediaOptions) {
    this.#ports = options.ports;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#stream = new RtpStream(options);
    this.#pace = new Pace(options.clock, () => this.#sendFrame());
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
    this.#pace.start();
    this.#reportLater();
  }

  stop(): void {
    this.#pace.stop();
    this.#reportTimer?.cancel();
  }

  /** Resolves when the RTCP BYE was sent. */
  sayBye(): Promise<void> {
    return new Promise(resolve => this.#report(true, resolve));
  }

  #sendFrame(): void {
    if (!this.#parameters) return;
    const packet = this.#stream.nextFrame(this.#parameters);
    if (packet) this.#transmit(this.#ports.rtp, packet, this.#parameters.remote.port);
  }

  #report(last: boolean, done?: () => void): void {
    const bytes = this.#stream.report(this.#clock.now(), last);
    this.#transmit(this.#ports.rtcp, bytes, this.#parameters?.remote.rtcpPort, done);
  }

  #reportLater(): void {
    this.#reportTimer = this.#clock.after(REPORT_MS, () => {
      this.#report(false);
      this.#reportLater();
    });
  }

  #transmit(socket: Socket, bytes: Buffer, port: Port | undefined, done?: () => void): void {
    if (!this.#parameters || port === undefined) {
      done?.();
      return;
    }
    // An unreachable peer shows as missing packets, not as a failure of the unit.
    sendDatagram(socket, bytes, { host: this.#parameters.remote.address, port }, error => {
      if (error) this.#log.debug('media packet not sent', { reason: messageOf(error) });
      done?.();
    });
  }
}

/** Calls `frame` every 20 ms, and catches up after a short stall. */
class Pace {
  readonly #clock: Clock;
  readonly #frame: () => void;
  #timer: Timer | undefined;
  #started = 0;
  #frames = 0;

  constructor(clock: Clock, frame: () => void) {
    this.#clock = clock;
    this.#frame = frame;
  }

  start(): void {
    this.#started = this.#clock.monotonic();
    this.#tick();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #tick(): void {
    const elapsed = this.#clock.monotonic() - this.#started;
    let due = Math.floor(elapsed / FRAME_MS) + 1 - this.#frames;
    if (due > MOST_CATCH_UP) {
      this.#started += (due - MOST_CATCH_UP) * FRAME_MS;
      due = MOST_CATCH_UP;
    }
    for (; due > 0; due--, this.#frames++) this.#frame();
    const next = this.#started + this.#frames * FRAME_MS - this.#clock.monotonic();
    this.#timer = this.#clock.after(Math.max(0, next), () => this.#tick());
  }
}
