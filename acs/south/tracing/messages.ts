// Messages as traces show them: named, with their headers and XML without secrets.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clip } from '../../../shared/clip.ts';
import type { Clock } from '../../../shared/clock.ts';
import { SentSecrets, wireText } from '../../../shared/cwmp/redaction.ts';
import type { Body, Envelope } from '../../../shared/cwmp/soap.ts';
import { legibleText } from '../../../shared/xml/charset.ts';
import type { TracedMessage } from '../../fleet/common/traced-session.ts';
import { isInform } from '../inform.ts';
import type { Posted } from '../post-stream.ts';
import { redactedHeaders, redactedXml } from '../redaction.ts';

/** Tells whether a parameter of that name holds a secret. */
export type IsSecret = (name: string) => boolean;

/** Messages as traces and the wire tap get them: without secrets, those too that a CPE quotes in a fault. */
export class MaskedMessages {
  readonly #clock: Clock;
  readonly #isSecret: IsSecret;
  readonly #sent = new SentSecrets();

  constructor(clock: Clock, isSecret: IsSecret) {
    this.#clock = clock;
    this.#isSecret = isSecret;
  }

  /** An envelope leaves: its secrets are remembered. */
  leaves({ body }: Envelope): void {
    if (body.kind === 'request') this.#sent.remember(body.args, this.#isSecret);
  }

  wireText(xml: string): string {
    return wireText(this.#sent.silenced(xml), this.#isSecret);
  }

  /** A message of a CPE, without its XML. @param posted undefined when it could not be understood */
  head(request: FastifyRequest, posted: Posted | undefined, body: Buffer): TracedMessage {
    return messageOf(request, posted, body, this.#clock.now());
  }

  withXml(message: TracedMessage, body: Buffer): TracedMessage {
    return { ...message, ...redactedXml(this.#sent.silenced(legibleText(body)), this.#isSecret) };
  }

  /** @param answer undefined for one without an envelope */
  answer(reply: FastifyReply, answer: { envelope: Envelope; xml: string } | undefined): TracedMessage {
    return answerOf(reply, answer, this.#clock.now(), this.#isSecret);
  }
}

function messageOf(request: FastifyRequest, posted: Posted | undefined, body: Buffer, time: number): TracedMessage {
  const what = posted === undefined ? '(not understood)' : clip(messageName(posted));
  const headers = redactedHeaders(request.headers, requestHeaders);
  return { time, from: 'cpe', what, headers, length: body.length };
}

function answerOf(
  reply: FastifyReply,
  answer: { envelope: Envelope; xml: string } | undefined,
  time: number,
  isSecret: IsSecret,
): TracedMessage {
  const status = reply.statusCode;
  const what = answer ? messageName(answer.envelope) : String(status);
  const headers = redactedHeaders(reply.getHeaders(), answerHeaders);
  const length = answer?.xml.length ?? 0;
  return { time, from: 'acs', what, status, headers, length, ...redactedXml(answer?.xml ?? '', isSecret) };
}

function messageName(posted: Posted): string {
  if (posted === 'empty') return '(empty)';
  if (isInform(posted)) return `Inform (${posted.body.args.Event.map(({ EventCode }) => EventCode).join(', ')})`;
  return bodyName(posted.body);
}

function bodyName(body: Body): string {
  switch (body.kind) {
    case 'request':
      return body.method;
    case 'response':
      return `${body.method}Response`;
    case 'fault':
      return `Fault ${body.fault.soap ?? body.fault.code}`;
    case 'unknown':
      return body.name;
    case 'invalid':
      return `${body.method} (unreadable: ${body.reason})`;
    case 'unreadable':
      return `(unreadable: ${body.reason})`;
    case 'empty':
      return '(empty)';
  }
}

const requestHeaders = [
  ...['host', 'user-agent', 'soapaction', 'content-length', 'transfer-encoding', 'content-encoding', 'accept-encoding'],
  ...['connection', 'authorization', 'cookie', 'x-forwarded-for', 'x-forwarded-proto'],
];
const answerHeaders = [
  'content-type',
  'content-encoding',
  'www-authenticate',
  'set-cookie',
  'connection',
  'retry-after',
];
