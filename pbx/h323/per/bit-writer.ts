// Writes bits and whole octets into a buffer that grows.
import { H323Error } from '../error.ts';

/** A RAS message fits into a datagram, a call message into a TPKT packet: both end below 64 KiB. */
const MOST_BYTES = 65_535;

export class BitWriter {
  #bytes = Buffer.alloc(256);
  /** In bits. */
  #at = 0;

  /** @param count 32 at most */
  bits(value: number, count: number): void {
    this.#room(count);
    for (let left = count; left > 0; ) {
      const free = 8 - (this.#at & 7);
      const taken = Math.min(free, left);
      const part = Math.floor(value / 2 ** (left - taken)) % 2 ** taken;
      const at = this.#at >> 3;
      this.#bytes[at] = (this.#bytes[at] ?? 0) | (part << (free - taken));
      this.#at += taken;
      left -= taken;
    }
  }

  bit(value: boolean): void {
    this.bits(value ? 1 : 0, 1);
  }

  align(): void {
    this.#at = (this.#at + 7) & ~7;
    this.#room(0);
  }

  octets(bytes: Uint8Array): void {
    this.align();
    this.#room(bytes.length * 8);
    this.#bytes.set(bytes, this.#at >> 3);
    this.#at += bytes.length * 8;
  }

  /** Whole octets; an encoding without any bits is one octet of zero (X.691 11.1). */
  finish(): Buffer {
    return this.#bytes.subarray(0, Math.max(1, (this.#at + 7) >> 3));
  }

  #room(bits: number): void {
    const needed = (this.#at + bits + 7) >> 3;
    if (needed > MOST_BYTES) throw new H323Error(`an encoding of more than ${MOST_BYTES} bytes`);
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
