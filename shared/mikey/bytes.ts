// Fields of MIKEY in network byte order (RFC 3830 6), byte-packed: read within bounds, written with their lengths.
import { MikeyError } from './error.ts';

export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** @throws MikeyError where the message ends before the field */
  take(length: number, field: string): Buffer {
    if (length > this.#bytes.length - this.#at) throw new MikeyError('unspecified', `the message ends within ${field}`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number(bytes: 1 | 2 | 4, field: string): number {
    return this.take(bytes, field).readUIntBE(0, bytes);
  }

  /** A field whose length stands before it. @param most bytes that are taken */
  counted(lengthBytes: 1 | 2, most: number, field: string): Buffer {
    const length = this.number(lengthBytes, field);
    if (length > most) throw new MikeyError('unspecified', `${field} has more than ${most} bytes`);
    return this.take(length, field);
  }
}

export function uint(bytes: 1 | 2 | 4, value: number): Buffer {
  const field = Buffer.alloc(bytes);
  field.writeUIntBE(value, 0, bytes);
  return field;
}

export const counted = (lengthBytes: 1 | 2, data: Buffer): Buffer =>
  Buffer.concat([uint(lengthBytes, data.length), data]);
