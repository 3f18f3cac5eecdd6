// Bytes of request bodies, bounded by what their sender has proved. A header proves nothing, and neither does a framing.
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';

/** An ACS accepts envelopes of 32 KB (TR-069 3.5); full reads of large models are far longer. */
export const MAX_BODY = 16 * 1024 * 1024;
/**
 * Bound of a body whose sender has proved nothing, before and after it is decompressed. Informs of real CPEs have 2 to 20 KB; a longer one
 * is challenged unread and returns with credentials.
 */
export const MAX_STRANGER_BODY = 64 * 1024;
/** A longer body of a stranger is not read to its end, so that a challenge may be answered on the same connection up to here. */
export const MAX_DROPPED_BODY = 1024 * 1024;

/** The body of a stranger that is longer than it may be. Its bytes were dropped. */
export const OVERLONG = Symbol('overlong');

export interface ByteLimits {
  /** Bytes that are kept. */
  kept: number;
  /** Bytes that are read; those beyond `kept` are dropped together with the rest. */
  read: number;
}

export const provedLimits: ByteLimits = { kept: MAX_BODY, read: MAX_BODY };
/** @param isChallenged a body that is too long is answered by a challenge, not refused */
export const strangerLimits = (isChallenged: boolean): ByteLimits => ({
  kept: MAX_STRANGER_BODY,
  read: isChallenged ? MAX_DROPPED_BODY : MAX_STRANGER_BODY,
});

/** Reads a body. @throws Error with status 413 or 400 where the body is too long or incomplete */
export function readBytes(
  { headers }: FastifyRequest,
  payload: Readable,
  limits: ByteLimits,
): Promise<Buffer | typeof OVERLONG> {
  const announced = Number(headers['content-length'] ?? Number.NaN);
  return new Promise((resolve, reject) => {
    if (announced > limits.read) {
      reject(failure(413, `the body has ${announced} bytes`));
      return;
    }
    let chunks: Buffer[] = [];
    let received = 0;
    const fail = (statusCode: number, message: string): void => {
      payload.off('data', onData).off('end', onEnd);
      reject(failure(statusCode, message));
    };
    const onData = (chunk: Buffer): void => {
      received += chunk.length;
      if (received > limits.read) fail(413, `the body is longer than ${limits.read} bytes`);
      else if (received <= limits.kept) chunks.push(chunk);
      else chunks = [];
    };
    const onEnd = (): void => {
      if (announced >= 0 && received !== announced) fail(400, `${received} of ${announced} bytes came`);
      else if (received > limits.kept) resolve(OVERLONG);
      // The bytes are copied: a chunk may be a view of the buffer of its connection.
      else resolve(Buffer.concat(chunks, received));
    };
    payload
      .on('data', onData)
      .on('end', onEnd)
      .on('error', error => fail(400, error.message));
    payload.resume();
  });
}

const failure = (statusCode: number, message: string): Error => Object.assign(new Error(message), { statusCode });
