// Bytes as they arrive from a socket, and the sealed frames in them.
import { SEAL_BYTES, type Sealing } from './encryption.ts';

export const LENGTH_BYTES = 4;
/** The largest frame holds an envelope of 16 MB, or a piece of a file. */
const MAX_FRAME = 24 * 1024 * 1024;
/** The limit until the other side has proved that it has the key. */
const MAX_FIRST = 4096;

export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #isProved = false;
  /** The length of the frame that is arriving. */
  #expected: number | undefined;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** @returns the next `count` bytes; undefined while there are fewer */
  take(count: number): Buffer | undefined {
    if (this.#length < count) return undefined;
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = all.length > count ? [all.subarray(count)] : [];
    this.#length -= count;
    return all.subarray(0, count);
  }

  /** @returns the content of the next frame; undefined while it is not complete. @throws Error for a frame that is too large or not sealed */
  next(sealing: Sealing): Buffer | undefined {
    this.#expected ??= this.take(LENGTH_BYTES)?.readUInt32BE();
    const length = this.#expected;
    if (length === undefined) return undefined;
    if (length < SEAL_BYTES || length > (this.#isProved ? MAX_FRAME : MAX_FIRST))
      throw new Error(`a frame of ${length} bytes`);
    const sealed = this.take(length);
    if (!sealed) return undefined;
    this.#expected = undefined;
    const plain = sealing.open(sealed);
    this.#isProved = true;
    return plain;
  }
}
