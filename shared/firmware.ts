// Our firmware container (the vendor's is not public): made by `pack-firmware`, checked by the gateway before it installs.
//
// Layout: 8 bytes magic `TANDEMFW`, 4 bytes big-endian length of the header, the header, the payload to the end.
// Header: UTF-8 JSON without spaces, keys in this order: {"product","version","size","sha256"}; size = bytes of payload,
// sha256 = lower-case hexadecimal SHA-256 over `product LF version LF size LF` and then the payload.
import { createHash } from 'node:crypto';

export interface FirmwareImage {
  product: string;
  /** `48.5.2718` */
  version: string;
  payload: Buffer;
}

/** Why bytes are not an image. A gateway answers 9018 (TR-069 A.5.1: file corrupted or otherwise unusable). */
export class FirmwareError extends Error {
  override readonly name = 'FirmwareError';
}

const MAGIC = Buffer.from('TANDEMFW', 'latin1');
const MAX_HEADER = 4096;
const PREFIX = MAGIC.length + 4;

function digest(product: string, version: string, payload: Buffer): string {
  return createHash('sha256').update(`${product}\n${version}\n${payload.length}\n`).update(payload).digest('hex');
}

const wellFormed = (text: string): boolean => /^[\x20-\x7e]{1,64}$/.test(text);

function headerOf(product: string, version: string, payload: Buffer): Buffer {
  return Buffer.from(
    JSON.stringify({ product, version, size: payload.length, sha256: digest(product, version, payload) }),
  );
}

/** @throws FirmwareError when product or version is not 1 to 64 printable ASCII characters */
export function packFirmware(image: FirmwareImage): Buffer {
  for (const [what, text] of Object.entries({ product: image.product, version: image.version })) {
    if (!wellFormed(text)) throw new FirmwareError(`the ${what} must be 1 to 64 printable ASCII characters`);
  }
  const header = headerOf(image.product, image.version, image.payload);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  return Buffer.concat([MAGIC, length, header, image.payload]);
}

/** @throws FirmwareError saying what is wrong: no image, truncated, altered */
export function unpackFirmware(bytes: Buffer): FirmwareImage {
  if (bytes.length < PREFIX || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new FirmwareError('not a firmware image');
  }
  const length = bytes.readUInt32BE(MAGIC.length);
  if (length > MAX_HEADER) throw new FirmwareError('the header of the image is damaged');
  if (bytes.length < PREFIX + length) throw new FirmwareError('the image is truncated');
  const header = bytes.subarray(PREFIX, PREFIX + length);
  const { product, version, size } = readHeader(header);
  const payload = bytes.subarray(PREFIX + length);
  if (payload.length < size) throw new FirmwareError(`the image is truncated: ${payload.length} of ${size} bytes`);
  if (payload.length > size) throw new FirmwareError(`the image has ${payload.length - size} bytes too many`);
  // The header is compared whole: there is one way to write it, so an altered byte anywhere shows.
  if (!headerOf(product, version, payload).equals(header)) throw new FirmwareError('the image was altered');
  return { product, version, payload };
}

function readHeader(bytes: Buffer): { product: string; version: string; size: number } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new FirmwareError('the header of the image is damaged');
  }
  const { product, version, size } = (parsed ?? {}) as Record<string, unknown>;
  const fine = typeof product === 'string' && typeof version === 'string' && wellFormed(product) && wellFormed(version);
  if (!fine || !Number.isSafeInteger(size) || (size as number) < 0) {
    throw new FirmwareError('the header of the image is damaged');
  }
  return { product, version, size: size as number };
}
