// TPKT (RFC 1006 6): cuts a stream into packets, however it arrives in pieces, in time that grows with its bytes alone.
import { H323Error } from './error.ts';

const VERSION = 3;
const HEADER_BYTES = 4;
const MOST_BYTES = 0xffff;

interface PacketSink {
  /** Content of one packet. */
  packet(bytes: Buffer): void;
  /** The stream cannot be followed any more. Called once, nothing after it. */
  broken(error: H323Error): void;
}

export function tpktPacket(content: Buffer): Buffer {
  const length = content.length + HEADER_BYTES;
  if (length > MOST_BYTES) throw new H323Error(`a packet of ${length} bytes; at most ${MOST_BYTES}`);
  return Buffer.concat([Buffer.of(VERSION, 0, length >> 8, length & 0xff), content]);
}

export class TpktFramer {
  readonly #sink: PacketSink;
  /** Joined only when a header or a packet is whole. */
  #parts: Buffer[] = [];
  #held = 0;
  /** Of the packet under way, with its header; unknown before that is here. */
  #length: number | undefined;
  #isBroken = false;

  constructor(sink: PacketSink) {
    this.#sink = sink;
  }

  /** Takes the next piece of the stream. */
  take(chunk: Buffer): void {
    if (this.#isBroken) return;
    this.#parts.push(chunk);
    this.#held += chunk.length;
    while (this.#held >= (this.#length ?? HEADER_BYTES) && !this.#isBroken) this.#next();
  }

  #next(): void {
    const held = this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts);
    if (this.#length === undefined) {
      this.#parts = [held];
      this.#length = held.readUInt16BE(2);
      if (held[0] === VERSION && this.#length >= HEADER_BYTES) return;
      const head = held.subarray(0, HEADER_BYTES).toString('hex');
      this.#isBroken = true;
      this.#parts = [];
      this.#sink.broken(new H323Error(`${head} is no header of TPKT`));
      return;
    }
    const [end, rest] = [this.#length, held.subarray(this.#length)];
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    this.#length = undefined;
    // A packet without content keeps a connection open.
    if (end > HEADER_BYTES) this.#sink.packet(Buffer.from(held.subarray(HEADER_BYTES, end)));
  }
}
