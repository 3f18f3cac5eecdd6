// The tracer sees every message of the listener. It adds those of traced devices to their traces, without secrets, and passes all of
// them unchanged to the wire tap, where there is one.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import type { Body, Envelope } from '../../shared/cwmp/soap.ts';
import type { TracedSession } from '../fleet/common/traced-session.ts';
import { deviceId } from '../fleet/devices/device-id.ts';
import type { Traces } from '../fleet/tracing/traces.ts';
import { addressOf } from './http/caller.ts';
import { identityOf, isInform } from './inform.ts';
import type { Posted } from './post-stream.ts';
import { redactedHeaders, redactedXml } from './redaction.ts';

/** Called for each envelope, in order. */
export type WireTap = (from: 'cpe' | 'acs', xml: string) => void;

/** Common to the messages of one session: its OpenSession, or its connection before there is one. */
type TraceKey = object;

interface Followed {
  device: string;
  session: TracedSession;
}

export class Tracer {
  readonly #traces: Traces;
  readonly #clock: Clock;
  readonly #tap: WireTap | undefined;
  readonly #byKey = new WeakMap<TraceKey, Followed>();
  readonly #byRequest = new WeakMap<FastifyRequest, Followed>();
  readonly #answers = new WeakMap<FastifyReply, { envelope: Envelope; xml: string }>();

  constructor({ traces, clock, tap }: { traces: Traces; clock: Clock; tap?: WireTap | undefined }) {
    this.#traces = traces;
    this.#clock = clock;
    this.#tap = tap;
  }

  /** A POST was read. @param posted undefined when it could not be understood */
  received(request: FastifyRequest, key: TraceKey, posted: Posted | undefined, body: Buffer): void {
    if (this.#tap && body.length) this.#tap('cpe', body.toString('utf8'));
    if (this.#traces.idle()) return;
    const followed = this.#follow(key, posted, addressOf(request));
    if (!followed) return;
    this.#byRequest.set(request, followed);
    const what = posted === undefined ? '(not understood)' : messageName(posted);
    const headers = redactedHeaders(request.headers, requestHeaders);
    this.#traces.add(followed.device, followed.session, {
      ...{ time: this.#clock.now(), from: 'cpe', what, headers, length: body.length },
      ...redactedXml(body.toString('utf8')),
    });
  }

  /** The POST began a session: the messages that follow come under its key. */
  sessionBegan(request: FastifyRequest, key: TraceKey): void {
    const followed = this.#byRequest.get(request);
    if (followed) this.#byKey.set(key, followed);
  }

  /** An envelope is sent as the answer. */
  sent(reply: FastifyReply, envelope: Envelope, xml: string): void {
    this.#tap?.('acs', xml);
    if (!this.#traces.idle()) this.#answers.set(reply, { envelope, xml });
  }

  /** The answer, with or without an envelope, is complete. */
  answered(request: FastifyRequest, reply: FastifyReply): void {
    const followed = this.#byRequest.get(request);
    if (!followed) return;
    const answer = this.#answers.get(reply);
    const status = reply.statusCode;
    const what = answer ? messageName(answer.envelope) : String(status);
    const headers = redactedHeaders(reply.getHeaders(), answerHeaders);
    this.#traces.add(followed.device, followed.session, {
      ...{ time: this.#clock.now(), from: 'acs', what, status, headers, length: answer?.xml.length ?? 0 },
      ...redactedXml(answer?.xml ?? ''),
    });
  }

  /** The traced session that a POST belongs to; an Inform of a traced device begins one. */
  #follow(key: TraceKey, posted: Posted | undefined, address: string): Followed | undefined {
    if (posted === undefined || !isInform(posted)) return this.#byKey.get(key);
    const device = deviceId(identityOf(posted.body.args));
    if (!this.#traces.isOn(device)) return undefined;
    // The Inform after a challenge is the same one again, maybe over a new connection.
    const last = this.#traces.of(device).sessions.at(-1);
    const isRepeated = last?.messages.at(-1)?.status === 401 && last.address === address;
    const followed = { device, session: isRepeated ? last : this.#traces.begin(device, address) };
    this.#byKey.set(key, followed);
    return followed;
  }
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
