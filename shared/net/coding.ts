// Content codings of HTTP bodies (RFC 9110 8.4), where TR-069 3.4.7 lets a CPE and its ACS compress: gzip and deflate, within bounds.

import { deflate, gunzip, gzip, inflate, inflateRaw } from 'node:zlib';
import { HttpError, type HttpRequest, type HttpResponse, type Send } from './http-types.ts';

export type Coding = 'gzip' | 'deflate';

/** A body that cannot be read: `unknown` is a coding not spoken here, `too-large` what grows beyond the bound, `broken` the rest. */
export class CodingError extends Error {
  override readonly name = 'CodingError';
  readonly kind: 'unknown' | 'too-large' | 'broken';

  constructor(kind: CodingError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

type Transform = (bytes: Buffer, options: { maxOutputLength?: number }) => Promise<Buffer>;

const promised =
  (
    transform: (
      bytes: Buffer,
      options: { maxOutputLength?: number },
      done: (error: Error | null, out: Buffer) => void,
    ) => void,
  ): Transform =>
  (bytes, options) =>
    new Promise((resolve, reject) => {
      transform(bytes, options, (error, out) => (error ? reject(error) : resolve(out)));
    });

const [packGzip, unpackGzip] = [promised(gzip), promised(gunzip)];
const [packDeflate, unpackDeflate, unpackRaw] = [promised(deflate), promised(inflate), promised(inflateRaw)];

/** RFC 1950 2.2: a zlib header. Some send the bare stream of RFC 1951 instead and call it deflate all the same. */
const hasZlibHeader = (bytes: Buffer): boolean =>
  bytes.length >= 2 && ((bytes[0] ?? 0) & 15) === 8 && bytes.readUInt16BE(0) % 31 === 0;

/** @param header a Content-Encoding; undefined or `identity` leaves the body as it is */
export const isCoded = (header: string | undefined): boolean => !/^\s*(?:identity\s*)?$/i.test(header ?? '');

/**
 * The body as it was before it was encoded. Both bounds hold while it is decompressed.
 * @param mostBytes of what comes out
 * @param maxRatio  of what comes out to what came
 * @throws CodingError
 */
export async function decodeBody(
  bytes: Buffer,
  header: string,
  mostBytes: number,
  maxRatio = Number.POSITIVE_INFINITY,
): Promise<Buffer> {
  const coding = header.trim().toLowerCase();
  const maxBytes = Math.min(mostBytes, bytes.length * maxRatio);
  const options = { maxOutputLength: maxBytes };
  try {
    if (coding === 'gzip' || coding === 'x-gzip') return await unpackGzip(bytes, options);
    if (coding === 'deflate') return await (hasZlibHeader(bytes) ? unpackDeflate : unpackRaw)(bytes, options);
  } catch (error) {
    const large = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
    if (large) throw new CodingError('too-large', `the body is longer than ${maxBytes} bytes when decoded`);
    throw new CodingError('broken', `the body is no ${coding}: ${(error as Error).message}`);
  }
  throw new CodingError('unknown', `content coding '${header.slice(0, 50)}' is not spoken here`);
}

export function encodeBody(bytes: Buffer, coding: Coding): Promise<Buffer> {
  return (coding === 'gzip' ? packGzip : packDeflate)(bytes, {});
}

async function packed(request: HttpRequest, coding: Coding): Promise<HttpRequest> {
  const headers = { ...request.headers, 'Accept-Encoding': 'gzip, deflate' };
  if (!request.body?.length) return { ...request, headers };
  const body = await encodeBody(Buffer.from(request.body), coding);
  return { ...request, headers: { ...headers, 'Content-Encoding': coding }, body };
}

async function unpacked(response: HttpResponse, maxBytes: number): Promise<HttpResponse> {
  const coding = String(response.headers['content-encoding'] ?? '');
  if (response.body.length === 0 || !isCoded(coding)) return response;
  try {
    return { ...response, body: await decodeBody(response.body, coding, maxBytes) };
  } catch (error) {
    if (!(error instanceof CodingError)) throw error;
    throw new HttpError(error.kind === 'too-large' ? 'too-large' : 'protocol', error.message, error);
  }
}

/**
 * Compresses requests while `coding` names a coding, and decompresses responses, requested so or not.
 * A body that cannot be read is an HttpError of kind `protocol` or `too-large`.
 */
export const withCoding =
  (coding: () => Coding | undefined) =>
  (send: Send): Send =>
  async request => {
    const used = coding();
    const response = await send(used ? await packed(request, used) : request);
    return await unpacked(response, request.maxBytes ?? MAX_DECODED);
  };

/** As the client has it for a body as it comes. */
const MAX_DECODED = 64 * 1024 * 1024;
