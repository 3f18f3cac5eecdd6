// The file of a backup image (the vendor's format is not public): its container, checksum and encryption.
//
// Layout: 8 bytes magic `TANDEMBK`, 4 bytes big-endian length of the header, the header, the payload to the end.
// Header: UTF-8 JSON without spaces, keys in this order: {"format","product","firmware","content","cipher","salt","nonce","size","sha256"};
// format 1, cipher `none` or `aes-256-gcm` (salt and nonce are then hexadecimal, else empty), size = bytes of payload, sha256 = lower-case
// hexadecimal SHA-256 over the values of format to size with LF after each, and then the payload.
// Payload: gzip of UTF-8 JSON {"configuration","files"}. Encrypted: AES-256-GCM with its tag (16 bytes) at the end, key by scrypt of the
// secret key and the salt (N 16,384, r 8, p 1); the values and LFs under the checksum are its additional data.
import { createCipheriv, createDecipheriv, createHash, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Random } from '../../../shared/clock.ts';

export interface ImageHead {
  product: string;
  /** `48.5.2718` */
  firmware: string;
  content: 'Config' | 'ConfigAndCertificates';
}

/** Why bytes are not an image that this unit takes. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
}

interface Header extends ImageHead {
  format: number;
  cipher: 'none' | 'aes-256-gcm';
  salt: string;
  nonce: string;
  size: number;
}

const MAGIC = Buffer.from('TANDEMBK', 'latin1');
const FORMAT = 1;
const PREFIX = MAGIC.length + 4;
const MAX_HEADER = 4096;
const TAG = 16;
/** The largest content, unpacked: a small file must not grow without end. */
const MAX_CONTENT = 32 * 1024 * 1024;

const pack = promisify(gzip);
const unpack = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);
const derive = promisify<string, Buffer, number, Buffer>(scrypt);

const named = ({ format, product, firmware, content, cipher, salt, nonce, size }: Header): Buffer =>
  Buffer.from([format, product, firmware, content, cipher, salt, nonce, size].map(value => `${value}\n`).join(''));

function headerOf(header: Header, payload: Buffer): Buffer {
  const { format, product, firmware, content, cipher, salt, nonce, size } = header;
  const sha256 = createHash('sha256').update(named(header)).update(payload).digest('hex');
  return Buffer.from(JSON.stringify({ format, product, firmware, content, cipher, salt, nonce, size, sha256 }));
}

/** @param secret encrypts the image; '': it is not encrypted */
export async function writeImage(head: ImageHead, content: unknown, secret: string, random: Random): Promise<Buffer> {
  const plain = await pack(Buffer.from(JSON.stringify(content)));
  const salt = secret === '' ? '' : random.bytes(16).toString('hex');
  const nonce = secret === '' ? '' : random.bytes(12).toString('hex');
  const size = plain.length + (secret === '' ? 0 : TAG);
  const header: Header = { format: FORMAT, ...head, cipher: secret === '' ? 'none' : 'aes-256-gcm', salt, nonce, size };
  const payload = secret === '' ? plain : await encrypt(header, plain, secret);
  const bytes = headerOf(header, payload);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([MAGIC, length, bytes, payload]);
}

async function encrypt(header: Header, plain: Buffer, secret: string): Promise<Buffer> {
  const key = await derive(secret, Buffer.from(header.salt, 'hex'), 32);
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.from(header.nonce, 'hex')).setAAD(named(header));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws ImageError saying what is wrong: no image, newer, truncated, altered, another key */
export async function readImage(bytes: Buffer, secret: string): Promise<{ head: ImageHead; content: unknown }> {
  const { header, payload } = open(bytes);
  if (header.cipher !== 'none' && secret === '') throw new ImageError('the image is encrypted, and no key is set');
  const plain = header.cipher === 'none' ? payload : await decrypt(header, payload, secret);
  const { product, firmware, content } = header;
  return { head: { product, firmware, content }, content: await contentOf(plain) };
}

function open(bytes: Buffer): { header: Header; payload: Buffer } {
  if (bytes.length < PREFIX || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new ImageError('not a backup image');
  }
  const length = bytes.readUInt32BE(MAGIC.length);
  if (length > MAX_HEADER) throw new ImageError('the header of the image is damaged');
  if (bytes.length < PREFIX + length) throw new ImageError('the image is truncated');
  const written = bytes.subarray(PREFIX, PREFIX + length);
  const header = readHeader(written);
  const payload = bytes.subarray(PREFIX + length);
  if (payload.length < header.size) throw new ImageError('the image is truncated');
  // The header is compared whole: there is one way to write it, so an altered byte anywhere shows.
  if (payload.length > header.size || !headerOf(header, payload).equals(written)) {
    throw new ImageError('the image was altered');
  }
  return { header, payload };
}

function readHeader(bytes: Buffer): Header {
  let parsed: Record<string, unknown>;
  try {
    parsed = (JSON.parse(bytes.toString('utf8')) ?? {}) as Record<string, unknown>;
  } catch {
    throw new ImageError('the header of the image is damaged');
  }
  const { format, product, firmware, content, cipher, salt, nonce, size } = parsed;
  if (typeof format === 'number' && format > FORMAT) {
    throw new ImageError(`the image has format ${format}, this unit reads ${FORMAT}`);
  }
  const texts = [product, firmware, salt, nonce].every(text => typeof text === 'string');
  const known =
    format === FORMAT &&
    (content === 'Config' || content === 'ConfigAndCertificates') &&
    (cipher === 'none' || (cipher === 'aes-256-gcm' && String(nonce).length === 24));
  if (!texts || !known || !Number.isSafeInteger(size)) throw new ImageError('the header of the image is damaged');
  return parsed as unknown as Header;
}

async function decrypt(header: Header, payload: Buffer, secret: string): Promise<Buffer> {
  if (payload.length < TAG) throw new ImageError('the image is truncated');
  const key = await derive(secret, Buffer.from(header.salt, 'hex'), 32);
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(header.nonce, 'hex'), { authTagLength: TAG });
  decipher.setAAD(named(header)).setAuthTag(payload.subarray(payload.length - TAG));
  try {
    return Buffer.concat([decipher.update(payload.subarray(0, payload.length - TAG)), decipher.final()]);
  } catch {
    // OpenSSL has one message for all failures of the tag.
    throw new ImageError('the image cannot be decrypted with this key');
  }
}

async function contentOf(plain: Buffer): Promise<unknown> {
  try {
    const text = await unpack(plain, { maxOutputLength: MAX_CONTENT });
    return JSON.parse(text.toString('utf8'));
  } catch {
    throw new ImageError('the content of the image is damaged');
  }
}
