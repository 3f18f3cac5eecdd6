// The media of one call: a tone and digits sent by the clock, and recognition of those that come back. Protected with SRTP
// when keys were agreed.
import type { Socket } from 'node:dgram';
import { messageOf } from '../../../shared/errors.ts';
import { onDatagram } from '../../../shared/net/udp.ts';
import type { MediaOptions, MediaParameters, MediaStats } from './parameters.ts';
import type { MediaPorts } from './ports.ts';
import { MediaReceiver } from './receiver.ts';
import { RtpStream } from './rtp-stream.ts';
import { MediaSender } from './sender.ts';
import { type SrtpKeying, SrtpReceiver, SrtpSender } from './srtp.ts';

const sameKeying = (a: SrtpKeying | undefined, b: SrtpKeying | undefined): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && a.suite === b.suite && a.key.equals(b.key) && a.salt.equals(b.salt));

export class MediaSession {
  readonly #ports: MediaPorts;
  readonly #stream: RtpStream;
  readonly #sender: MediaSender;
  readonly #receiver: MediaReceiver;
  #parameters: MediaParameters | undefined;
  #stopped = false;

  constructor(options: MediaOptions) {
    const { ports, log } = options;
    this.#ports = ports;
    this.#receiver = new MediaReceiver(options.clock, options.ssrc);
    this.#stream = new RtpStream(options);
    this.#sender = new MediaSender(options, this.#stream, this.#receiver);
    onDatagram(ports.rtp, log, (bytes, from) => this.#receive(bytes, from.address, 'rtp'));
    onDatagram(ports.rtcp, log, (bytes, from) => this.#receive(bytes, from.address, 'rtcp'));
    for (const socket of [ports.rtp, ports.rtcp] satisfies Socket[]) {
      socket.on('error', error => log.debug('media socket failed', { reason: messageOf(error) }));
    }
  }

  /** Starts, or continues with other parameters (hold, new keys, new address). */
  apply(parameters: MediaParameters): void {
    if (this.#stopped) return;
    const before = this.#parameters;
    this.#parameters = parameters;
    const keys = parameters.keys;
    if (!sameKeying(before?.keys?.receive, keys?.receive)) {
      this.#receiver.useKeys(keys && new SrtpReceiver(keys.receive), parameters);
    }
    if (!sameKeying(before?.keys?.send, keys?.send)) {
      this.#stream.useKeys(keys && new SrtpSender(keys.send), before !== undefined);
    }
    this.#sender.send(parameters);
  }

  /** Sends digits in the audio or as telephone-events, as was agreed. @param digits see `isDigits` */
  sendDigits(digits: string): void {
    this.#stream.sendDigits(digits);
  }

  /** Calls the listener each time the peer's fax machine is heard calling (CNG). */
  onCallingTone(listener: () => void): void {
    this.#receiver.onCallingTone(listener);
  }

  stats(): MediaStats {
    return { sent: this.#stream.packets, ...this.#receiver.stats() };
  }

  /** Sends an RTCP BYE, unless `silent`, and closes the ports. */
  async stop(silent = false): Promise<void> {
    this.#sender.stop();
    if (!this.#stopped && this.#parameters && !silent) await this.#sender.sayBye();
    this.#stopped = true;
    await this.#ports.close();
  }

  #receive(bytes: Buffer, address: string, kind: 'rtp' | 'rtcp'): void {
    if (!this.#parameters || this.#stopped) return;
    if (kind === 'rtp') this.#receiver.takeRtp(bytes, address, this.#parameters);
    else this.#receiver.takeRtcp(bytes, address, this.#parameters);
  }
}
