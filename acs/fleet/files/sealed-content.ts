// Contents of files as they are stored: sealed block by block, so that any part can be read alone. Each content has a key of its own, and a
// block the number of its place; one that was changed, or moved to another place, cannot be opened.
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { type ByteRange, CHUNK, type ContentSum, piecesOf } from '../../store/content-chunks.ts';
import { type Secrets, sealedWithAnotherKey } from '../common/secrets.ts';

const TAG = 16;
/** Plain bytes of a block; sealed, it fills one chunk of a store. */
const BLOCK = CHUNK - TAG;

export interface SealedContent {
  /** To be stored. */
  bytes: AsyncIterable<Uint8Array>;
  /** The sum of what was given, once all of it is read. */
  plain(): ContentSum;
}

const keyOf = (secrets: Secrets, content: string): Buffer => secrets.keyFor(`content ${content}`);

function vectorOf(number: number): Buffer {
  const vector = Buffer.alloc(12);
  vector.writeUInt32BE(number, 8);
  return vector;
}

/** @param content the name under which it is stored, which is used once */
export function sealContent(secrets: Secrets, content: string, source: AsyncIterable<Uint8Array>): SealedContent {
  const key = keyOf(secrets, content);
  const hash = createHash('sha256');
  let size = 0;
  async function* blocks(): AsyncIterable<Uint8Array> {
    for await (const piece of piecesOf(source, BLOCK)) {
      hash.update(piece);
      const cipher = createCipheriv('aes-256-gcm', key, vectorOf(size / BLOCK));
      size += piece.length;
      yield Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
    }
  }
  return { bytes: blocks(), plain: () => ({ size, sha256: hash.digest('hex') }) };
}

/** The stored bytes that hold a range of the content. */
export const sealedRange = ({ start, end }: ByteRange): ByteRange => ({
  start: Math.floor(start / BLOCK) * CHUNK,
  end: Math.ceil(end / BLOCK) * CHUNK,
});

/**
 * Opens stored bytes that begin at the block of `start`.
 * @throws UserError 500 while it is read, where the content was sealed with another server key, or is damaged
 */
export async function* openContent(
  secrets: Secrets,
  content: string,
  stored: AsyncIterable<Uint8Array>,
  { start, end }: ByteRange,
): AsyncIterable<Buffer> {
  const key = keyOf(secrets, content);
  let number = Math.floor(start / BLOCK);
  for await (const sealed of piecesOf(stored, CHUNK)) {
    const at = number * BLOCK;
    const block = openBlock(key, number++, sealed);
    const part = block.subarray(Math.max(0, start - at), Math.max(0, end - at));
    if (part.length > 0) yield part;
  }
}

function openBlock(key: Buffer, number: number, sealed: Buffer): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, vectorOf(number));
    decipher.setAuthTag(sealed.subarray(-TAG));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()]);
  } catch (error) {
    throw sealedWithAnotherKey(error);
  }
}
