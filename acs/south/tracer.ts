// The tracer sees every message of the listener. It adds those of traced devices to their traces, without secrets, once their sender has
// proved itself, and passes all of them unchanged to the wire tap, where there is one.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clip } from '../../shared/clip.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Body, Envelope } from '../../shared/cwmp/soap.ts';
import type { TracedMessage, TracedSession } from '../fleet/common/traced-session.ts';
import { deviceId } from '../fleet/devices/device-id.ts';
import type { Traces } from '../fleet/tracing/traces.ts';
import type { Caller } from './http/caller.ts';
import { claimedIdentity, type InformEnvelope, isInform } from './inform.ts';
import type { Posted } from './post-stream.ts';
import { redactedHeaders, redactedXml } from './redaction.ts';
import type { OpenSession } from './session-table.ts';

/** Called for each envelope, in order. */
export type WireTap = (from: 'cpe' | 'acs', xml: string) => void;

interface Followed {
  device: string;
  session: TracedSession;
}

/** A message of a CPE that has proved nothing yet, and the answer. */
interface Challenged {
  device: string;
  /** Without its XML, which is masked only when its sender has proved itself. */
  message: TracedMessage;
  body: Buffer;
  answer: TracedMessage;
}

/** Challenged messages that are kept until their CPE has proved itself. */
const MAX_CHALLENGED = 50;

export class Tracer {
  readonly #traces: Traces;
  readonly #clock: Clock;
  readonly #tap: WireTap | undefined;
  readonly #bySession = new WeakMap<OpenSession, Followed>();
  readonly #byRequest = new WeakMap<FastifyRequest, Followed>();
  readonly #answers = new WeakMap<FastifyReply, { envelope: Envelope; xml: string }>();
  /** Informs of traced devices, as they say, from senders without proof. */
  readonly #strangers = new WeakMap<FastifyRequest, { device: string; posted: InformEnvelope; body: Buffer }>();
  /** By the nonce of the challenge: only the sender that was challenged answers it. */
  readonly #challenged = new Map<string, Challenged>();

  constructor({ traces, clock, tap }: { traces: Traces; clock: Clock; tap?: WireTap | undefined }) {
    this.#traces = traces;
    this.#clock = clock;
    this.#tap = tap;
  }

  /**
   * A POST was read.
   * @param session undefined for a sender that has none: its message is held back until a proof comes
   * @param posted  undefined when it could not be understood
   */
  received(request: FastifyRequest, session: OpenSession | undefined, posted: Posted | undefined, body: Buffer): void {
    if (this.#tap && body.length) this.#tap('cpe', body.toString('utf8'));
    if (this.#traces.idle()) return;
    if (posted !== undefined && isInform(posted)) {
      const device = claimedDevice(posted);
      if (device !== undefined && this.#traces.isOn(device)) this.#strangers.set(request, { device, posted, body });
      return;
    }
    const followed = session && this.#bySession.get(session);
    if (!followed) return;
    this.#byRequest.set(request, followed);
    this.#add(followed, withXml(this.#message(request, posted, body), body));
  }

  /** The sender of an Inform has proved itself, as far as it must: the trace of its session begins. */
  proved(request: FastifyRequest, { proof, address }: Caller): void {
    const stranger = this.#strangers.get(request);
    if (!stranger) return;
    const { device, posted, body } = stranger;
    if ('id' in proof && proof.id !== device) return;
    const followed = { device, session: this.#traces.begin(device, address) };
    this.#byRequest.set(request, followed);
    const nonce = nonceIn(request.headers.authorization);
    const challenged = this.#challenged.get(nonce);
    this.#challenged.delete(nonce);
    if (challenged?.device === device) {
      this.#add(followed, withXml(challenged.message, challenged.body));
      this.#add(followed, challenged.answer);
    }
    this.#add(followed, withXml(this.#message(request, posted, body), body));
  }

  /** The POST began a session: its messages follow. */
  sessionBegan(request: FastifyRequest, session: OpenSession): void {
    const followed = this.#byRequest.get(request);
    if (followed) this.#bySession.set(session, followed);
  }

  /** An envelope is sent as the answer. */
  sent(reply: FastifyReply, envelope: Envelope, xml: string): void {
    this.#tap?.('acs', xml);
    if (!this.#traces.idle()) this.#answers.set(reply, { envelope, xml });
  }

  /** The answer, with or without an envelope, is complete. */
  answered(request: FastifyRequest, reply: FastifyReply): void {
    const followed = this.#byRequest.get(request);
    if (followed) this.#add(followed, this.#answer(reply));
    else if (reply.statusCode === 401) this.#keepChallenged(request, reply);
  }

  #keepChallenged(request: FastifyRequest, reply: FastifyReply): void {
    const stranger = this.#strangers.get(request);
    const nonce = nonceIn(String(reply.getHeader('www-authenticate') ?? ''));
    if (!stranger || nonce === '') return;
    const [oldest] = this.#challenged.keys();
    if (oldest !== undefined && this.#challenged.size >= MAX_CHALLENGED) this.#challenged.delete(oldest);
    const { device, posted, body } = stranger;
    const message = this.#message(request, posted, body);
    this.#challenged.set(nonce, { device, message, body, answer: this.#answer(reply) });
  }

  #add({ device, session }: Followed, message: TracedMessage): void {
    this.#traces.add(device, session, message);
  }

  #message(request: FastifyRequest, posted: Posted | undefined, body: Buffer): TracedMessage {
    const what = posted === undefined ? '(not understood)' : clip(messageName(posted));
    const headers = redactedHeaders(request.headers, requestHeaders);
    return { time: this.#clock.now(), from: 'cpe', what, headers, length: body.length };
  }

  #answer(reply: FastifyReply): TracedMessage {
    const answer = this.#answers.get(reply);
    const status = reply.statusCode;
    const what = answer ? messageName(answer.envelope) : String(status);
    const headers = redactedHeaders(reply.getHeaders(), answerHeaders);
    const length = answer?.xml.length ?? 0;
    return { time: this.#clock.now(), from: 'acs', what, status, headers, length, ...redactedXml(answer?.xml ?? '') };
  }
}

const withXml = (message: TracedMessage, body: Buffer): TracedMessage => ({
  ...message,
  ...redactedXml(body.toString('utf8')),
});

/** The device that an Inform claims to come from. */
function claimedDevice(posted: InformEnvelope): string | undefined {
  const identity = claimedIdentity(posted);
  return identity && deviceId(identity);
}

const nonceIn = (header: string | undefined): string => /\bnonce="?([\w-]{1,100})/.exec(header ?? '')?.[1] ?? '';

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
