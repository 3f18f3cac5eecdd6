// The sending half of a call's media: a packet of audio every packet time, and RTCP sender reports (RFC 3550 6.4.1).
import type { Socket } from 'node:dgram';
import type { Clock, Timer } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { Port } from '../../../shared/net/port.ts';
import { sendDatagram } from '../../../shared/net/udp.ts';
import type { MediaOptions, MediaParameters } from './parameters.ts';
import type { MediaPorts } from './ports.ts';
import type { MediaReceiver } from './receiver.ts';
import type { RtpStream } from './rtp-stream.ts';

/** Packets that are caught up after a stall of the host; a longer stall is lost time, as on a real unit. */
const MOST_CATCH_UP = 25;
const REPORT_MS = 5000;

export class MediaSender {
  readonly #ports: MediaPorts;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stream: RtpStream;
  /** Gives what our reports say of the peer's stream. */
  readonly #receiver: MediaReceiver;
  readonly #pace: Pace;
  #parameters: MediaParameters | undefined;
  #reportTimer: Timer | undefined;

  constructor(options: MediaOptions, stream: RtpStream, receiver: MediaReceiver) {
    this.#ports = options.ports;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#stream = stream;
    this.#receiver = receiver;
    this.#pace = new Pace(options.clock, () => this.#sendPackets());
  }

  /** Starts, or continues with other parameters. */
  send(parameters: MediaParameters): void {
    const before = this.#parameters;
    this.#parameters = parameters;
    if (before?.ptime !== parameters.ptime) this.#pace.start(parameters.ptime);
    if (!before) this.#reportLater();
  }

  stop(): void {
    this.#pace.stop();
    this.#reportTimer?.cancel();
  }

  /** Resolves when the RTCP BYE was sent. */
  sayBye(): Promise<void> {
    return new Promise(resolve => this.#report(true, resolve));
  }

  #sendPackets(): void {
    if (!this.#parameters) return;
    for (const packet of this.#stream.nextPackets(this.#parameters))
      this.#transmit(this.#ports.rtp, packet, this.#parameters.remote.port);
  }

  #report(last: boolean, done?: () => void): void {
    const bytes = this.#stream.report(this.#clock.now(), last, this.#receiver.report());
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

/** Calls `frame` once every packet time, and catches up after a short stall. */
class Pace {
  readonly #clock: Clock;
  readonly #frame: () => void;
  #timer: Timer | undefined;
  #ptime = 0;
  #started = 0;
  #frames = 0;

  constructor(clock: Clock, frame: () => void) {
    this.#clock = clock;
    this.#frame = frame;
  }

  /** Starts, or continues at another pace. @param ptime milliseconds */
  start(ptime: number): void {
    this.stop();
    this.#ptime = ptime;
    this.#frames = 0;
    this.#started = this.#clock.monotonic();
    this.#tick();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #tick(): void {
    const ptime = this.#ptime;
    const elapsed = this.#clock.monotonic() - this.#started;
    let due = Math.floor(elapsed / ptime) + 1 - this.#frames;
    if (due > MOST_CATCH_UP) {
      this.#started += (due - MOST_CATCH_UP) * ptime;
      due = MOST_CATCH_UP;
    }
    for (; due > 0; due--, this.#frames++) this.#frame();
    const next = this.#started + this.#frames * ptime - this.#clock.monotonic();
    this.#timer = this.#clock.after(Math.max(0, next), () => this.#tick());
  }
}
