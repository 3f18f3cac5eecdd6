// Answers of the listener: an envelope, or the request to come again later.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Envelope, encodeEnvelope } from '../../../shared/cwmp/soap.ts';
import { encodeBody } from '../../../shared/net/coding.ts';
import type { Tracer } from '../tracer.ts';

/** Characters below which compression saves nothing. */
const MIN_PACKED = 1024;

/** TR-069 3.4.1: every envelope is sent with status 200, a fault too. @returns the bytes that are sent */
export async function answerXml(
  reply: FastifyReply,
  envelope: Envelope,
  tracer: Tracer,
  isPacked = false,
): Promise<number> {
  const xml = encodeEnvelope(envelope);
  tracer.sent(reply, envelope, xml);
  reply.code(200).header('content-type', 'text/xml; charset="utf-8"');
  if (!isPacked || xml.length < MIN_PACKED) {
    reply.send(xml);
    return Buffer.byteLength(xml);
  }
  const body = await encodeBody(Buffer.from(xml), 'gzip');
  reply.header('content-encoding', 'gzip').send(body);
  return body.length;
}

export const acceptsGzip = (request: FastifyRequest): boolean =>
  /(^|[\s,])(x-)?gzip\s*(,|;\s*q=(1|0?\.[1-9])|$)/i.test(String(request.headers['accept-encoding'] ?? ''));

/** @param retryAfter seconds */
export function rejectBusy(reply: FastifyReply, retryAfter: number): void {
  reply.code(503).header('retry-after', retryAfter).header('connection', 'close').send();
}
