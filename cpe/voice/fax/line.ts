// The telephone line of a fax as IFP messages (ITU-T T.38): frames and pages out at the pace of a modem, frames and pages in.
import type { Clock } from '../../../shared/clock.ts';
import { type Command, decodeFrame, encodeFrame, type Frame } from './frames.ts';
import type { DataType, Ifp, Indicator } from './ifp.ts';
import type { Modem } from './modems.ts';

/** One thing from the line: a frame, or a whole transmission of page data. */
export type Heard = { kind: 'frame'; frame: Frame } | { kind: 'data'; type: DataType; bytes: Buffer };

/** Longest frame, longest page, and transmissions that wait to be read. */
const MOST_FRAME_BYTES = 256;
const MOST_PAGE_BYTES = 2_000_000;
const MOST_WAITING = 32;

/** Milliseconds: a preamble as it is shortened over T.38, one packet of page data, the silence between two signals (T.30 5.1). */
const PREAMBLE_MS = 100;
const PACKET_MS = 40;
const SILENCE_MS = 75;
const FRAME_RATE = 300;

/** The messages of the peer's modem put together again. */
class Demodulator {
  readonly #heard: (heard: Heard) => void;
  #frame: Buffer[] = [];
  #frameBytes = 0;
  #page: { type: DataType; chunks: Buffer[]; bytes: number } | undefined;

  constructor(heard: (heard: Heard) => void) {
    this.#heard = heard;
  }

  take(packet: Ifp): void {
    if (packet.kind === 'indicator') {
      // A page whose end was lost ends with the next signal.
      this.#endPage();
      this.#dropFrame();
      return;
    }
    for (const { type, data } of packet.fields) {
      if (type === 't4-non-ecm-data') this.#addToPage(packet.type, data);
      else if (type === 't4-non-ecm-sig-end') {
        if (data.length > 0) this.#addToPage(packet.type, data);
        this.#endPage();
      } else if (type === 'hdlc-data') this.#addToFrame(data);
      else if (type === 'hdlc-fcs-OK' || type === 'hdlc-fcs-OK-sig-end') this.#endFrame();
      else this.#dropFrame();
    }
  }

  #addToFrame(data: Buffer): void {
    this.#frameBytes += data.length;
    if (this.#frameBytes <= MOST_FRAME_BYTES) this.#frame.push(data);
  }

  #endFrame(): void {
    const frame = this.#frameBytes <= MOST_FRAME_BYTES ? decodeFrame(Buffer.concat(this.#frame)) : undefined;
    this.#dropFrame();
    if (frame) this.#heard({ kind: 'frame', frame });
  }

  #dropFrame(): void {
    this.#frame = [];
    this.#frameBytes = 0;
  }

  #addToPage(type: DataType, data: Buffer): void {
    this.#page ??= { type, chunks: [], bytes: 0 };
    this.#page.bytes += data.length;
    if (this.#page.bytes <= MOST_PAGE_BYTES) this.#page.chunks.push(data);
  }

  #endPage(): void {
    const page = this.#page;
    this.#page = undefined;
    if (page) this.#heard({ kind: 'data', type: page.type, bytes: Buffer.concat(page.chunks) });
  }
}

export class FaxLine {
  readonly #clock: Clock;
  readonly #send: (packet: Ifp) => void;
  readonly #signal: AbortSignal;
  readonly #demodulator = new Demodulator(heard => this.#arrived(heard));
  readonly #waiting: Heard[] = [];
  #wake: (() => void) | undefined;

  /** @param signal ends every wait, with its reason */
  constructor(clock: Clock, send: (packet: Ifp) => void, signal: AbortSignal) {
    this.#clock = clock;
    this.#send = send;
    this.#signal = signal;
  }

  take(packet: Ifp): void {
    this.#demodulator.take(packet);
  }

  /** The next that comes; undefined after `ms`. */
  async next(ms: number): Promise<Heard | undefined> {
    if (this.#waiting.length === 0) {
      const over = new AbortController();
      this.#wake = () => over.abort();
      const signal = AbortSignal.any([this.#signal, over.signal]);
      await this.#clock.sleep(ms, signal).catch(() => undefined);
      this.#wake = undefined;
    }
    this.#signal.throwIfAborted();
    return this.#waiting.shift();
  }

  /** Forgets what came before a command is sent: it answers nothing. */
  flush(): void {
    this.#waiting.length = 0;
  }

  async sendSignal(indicator: Indicator, ms: number): Promise<void> {
    this.#send({ kind: 'indicator', indicator });
    await this.#pause(ms);
  }

  /** Sends frames in one transmission. @param ofSender see `encodeFrame` */
  async sendFrames(frames: readonly [Command, Buffer?][], ofSender: boolean): Promise<void> {
    await this.sendSignal('v21-preamble', PREAMBLE_MS);
    for (const [i, [command, information = Buffer.alloc(0)]] of frames.entries()) {
      const last = i === frames.length - 1;
      const data = encodeFrame({ command, last, information }, ofSender);
      const end = { type: last ? 'hdlc-fcs-OK-sig-end' : 'hdlc-fcs-OK', data: Buffer.alloc(0) } as const;
      this.#send({ kind: 'data', type: 'v21', fields: [{ type: 'hdlc-data', data }, end] });
      await this.#pause((8000 * (data.length + 2)) / FRAME_RATE);
    }
    await this.sendSignal('no-signal', SILENCE_MS);
  }

  /** Sends page data, or a training check, at the rate of the modem. */
  async sendData({ rate, type }: Modem, training: Indicator, bytes: Buffer): Promise<void> {
    await this.sendSignal(training, PREAMBLE_MS);
    const size = Math.floor((rate * PACKET_MS) / 8000);
    for (let at = 0; at < bytes.length; at += size) {
      const data = bytes.subarray(at, at + size);
      this.#send({ kind: 'data', type, fields: [{ type: 't4-non-ecm-data', data }] });
      await this.#pause(PACKET_MS);
    }
    this.#send({ kind: 'data', type, fields: [{ type: 't4-non-ecm-sig-end', data: Buffer.alloc(0) }] });
    await this.sendSignal('no-signal', SILENCE_MS);
  }

  #arrived(heard: Heard): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(heard);
    this.#wake?.();
  }

  async #pause(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#signal);
  }
}
