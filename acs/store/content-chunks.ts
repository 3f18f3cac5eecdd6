// Contents of files as every store keeps them: cut into chunks on the way in and joined on the way out, so that only a few chunks of a
// file are in memory at a time.
import { createHash } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { UserError } from '../errors.ts';

/** Bytes that are stored and read at a time. A slow reader holds no more. */
export const CHUNK = 64 * 1024;
/** Bytes that are written in one commit. */
const PIECE = 4 * CHUNK;

/** Time for which a content without a name is kept after the last sign of its writer or reader. */
export const GRACE_MS = 3_600_000;
const SIGN_MS = 60_000;

export interface ContentSum {
  /** Bytes. */
  size: number;
  /** Hexadecimal. */
  sha256: string;
}

/** From byte `start` to before `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/** The same bytes in pieces of one size, the last one shorter. A piece is valid until the next one is read. */
export async function* piecesOf(source: AsyncIterable<Uint8Array>, size = PIECE): AsyncIterable<Buffer> {
  let piece: Buffer | undefined;
  let filled = 0;
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; ) {
      piece ??= Buffer.allocUnsafeSlow(size);
      const taken = Math.min(size - filled, bytes.length - at);
      piece.set(bytes.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < size) continue;
      yield piece;
      filled = 0;
    }
  }
  if (piece && filled > 0) yield piece.subarray(0, filled);
}

/**
 * Takes a content in: the next piece is read only when the one before is written.
 * @param write `first` is the number of the first chunk in the piece
 */
export async function takeIn(
  source: AsyncIterable<Uint8Array>,
  write: (first: number, piece: Buffer) => Promise<void>,
): Promise<ContentSum> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of piecesOf(source)) {
    await write(size / CHUNK, piece);
    hash.update(piece);
    size += piece.length;
  }
  return { size, sha256: hash.digest('hex') };
}

/** One content in a store: its chunks by number. `sign` says that it is still being read. */
export interface KeptContent {
  name: string;
  size: number;
  chunkSize: number;
  chunk(number: number): Promise<Uint8Array | undefined>;
  sign(): Promise<void>;
}

/** @throws UserError 410 for a content that was replaced longer than an hour ago; 503 for one that is not complete */
export async function* readOut(
  content: KeptContent,
  range: ByteRange | undefined,
  clock: Clock,
): AsyncIterable<Buffer> {
  const end = Math.min(content.size, range?.end ?? content.size);
  const mustSign = signing(clock);
  for (let at = Math.max(0, range?.start ?? 0); at < end; ) {
    if (mustSign()) await content.sign();
    const number = Math.floor(at / content.chunkSize);
    const found = await content.chunk(number);
    if (!found)
      throw new UserError(410, 'content-gone', `the content of ${content.name} was replaced while it was read`);
    const from = at - number * content.chunkSize;
    const bytes = Buffer.from(found.buffer, found.byteOffset, found.byteLength).subarray(from, from + end - at);
    if (bytes.length === 0)
      throw new UserError(
        503,
        'store-corrupt',
        `the content of ${content.name} is damaged: chunk ${number} is too short`,
      );
    yield bytes;
    at += bytes.length;
  }
}

export const tooSlow = (name: string): UserError =>
  new UserError(408, 'content-too-slow', `the upload of ${name} made no progress for too long`);

/** Makes a check whether it is time to sign a content that is being written or read. */
export function signing(clock: Clock): () => boolean {
  let signed = clock.now();
  return () => {
    if (clock.now() - signed < SIGN_MS) return false;
    signed = clock.now();
    return true;
  };
}

/** The reference to a content in the document of a stored file. */
export interface ContentReference {
  name: string;
  sha256: string;
  /** Name of the content; in older documents it follows from the file's name and SHA-256. */
  content?: string;
  /** The sum of its bytes as they are stored, where they are sealed; `sha256` is that of the file. */
  sealed?: ContentSum;
}

export const contentNameOf = ({ name, sha256, content }: ContentReference): string => content ?? `${name} ${sha256}`;
