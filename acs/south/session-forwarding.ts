// Forwarding of POSTs whose session another process has: a load balancer spreads connections over all processes. The other process
// answers through this one. An Inform is never forwarded: it begins a new session wherever it arrives.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { decodeEnvelope, InvalidSoap } from '../../shared/cwmp/soap.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { CodingError, decodeBody, isCoded } from '../../shared/net/coding.ts';
import { MAX_BODY } from './http/bytes.ts';
import { addressOf } from './http/caller.ts';
import { type Cookies, cookiesOf } from './http/cookies.ts';
import { isInform } from './inform.ts';

/** Plain data. The CPE was authenticated when the session began, so its certificate and connection need not be forwarded. */
export interface ForwardedPost {
  headers: Record<string, string>;
  body: Buffer;
  /** Address of the CPE, as the forwarding process believes it. */
  address: string;
}

export interface ForwardedAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** @returns undefined when the session is over there. @throws when that member cannot be reached */
export type Forward = (member: string, post: ForwardedPost) => Promise<ForwardedAnswer | undefined>;

/** Status between processes alone: the session is over. */
export const GONE = 410;

export interface ForwardingOptions {
  /** Absent where the process runs alone. */
  forward: Forward | undefined;
  /** The name of this process. */
  self: string;
  cookies: Cookies;
  log: Log;
}

export class SessionForwarding {
  readonly #options: ForwardingOptions;

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  /** The other process that has the session, by the cookies. */
  ownerOf(request: FastifyRequest): string | undefined {
    const { cookies, self } = this.#options;
    return cookiesOf(request.raw)
      .map(cookie => cookies.memberOf(cookie))
      .find(member => member !== undefined && member !== self);
  }

  /** @returns false for an Inform, which is not forwarded; true when the request is answered */
  async handOver(request: FastifyRequest, reply: FastifyReply, member: string): Promise<boolean> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (await isInformIn(body, request.headers['content-encoding'])) return false;
    const post = { headers: chosen(request.headers, forwardedHeaders), body, address: addressOf(request) };
    let reason = 'the session is over there';
    try {
      const answer = await this.#options.forward?.(member, post);
      if (answer) {
        reply.code(answer.status).headers(answer.headers).send(answer.body);
        return true;
      }
    } catch (error) {
      reason = messageOf(error);
    }
    // The other process is gone or has ended the session. A CPE whose session fails begins a new one and reports its events again
    // (TR-069 3.2.1.1); the work for it is still queued.
    this.#options.log.warn('forwarded POST without session', { address: post.address, member, reason });
    reply.code(503).header('connection', 'close').send();
    return true;
  }
}

const forwardedHeaders = [
  'cookie',
  'content-type',
  'content-encoding',
  'accept-encoding',
  'user-agent',
  'soapaction',
  'host',
];
const returnedHeaders = ['content-type', 'content-encoding', 'connection'];

/** The headers of an answer that the forwarding process sends on. */
export const answerHeaders = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  chosen(headers, returnedHeaders);

function chosen(headers: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) found[name] = Array.isArray(value) ? value.join('; ') : String(value);
  }
  return found;
}

/** An unreadable body is forwarded like any other: the process that has the session answers for it. */
async function isInformIn(body: Buffer, coding: string | undefined): Promise<boolean> {
  if (body.length === 0) return false;
  try {
    const plain = isCoded(coding) ? await decodeBody(body, coding ?? '', MAX_BODY) : body;
    return isInform(decodeEnvelope(plain));
  } catch (error) {
    if (error instanceof InvalidSoap || error instanceof CodingError) return false;
    throw error;
  }
}
