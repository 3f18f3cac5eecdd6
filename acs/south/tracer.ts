// The tracer sees every message of the listener. It adds those of traced devices to their traces, without secrets, once their sender has
// proved itself, and passes all of them unchanged to the wire tap, where there is one.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import type { Envelope } from '../../shared/cwmp/soap.ts';
import { legibleText } from '../../shared/xml/charset.ts';
import type { TracedMessage, TracedSession } from '../fleet/common/traced-session.ts';
import { deviceId } from '../fleet/devices/device-id.ts';
import type { Traces } from '../fleet/tracing/traces.ts';
import type { Caller } from './http/caller.ts';
import { claimedIdentity, type InformEnvelope, isInform } from './inform.ts';
import type { Posted } from './post-stream.ts';
import type { OpenSession } from './session-table.ts';
import { ChallengedMessages } from './tracing/challenged-messages.ts';
import { type IsSecret, MaskedMessages } from './tracing/messages.ts';

/** Called for each envelope, in order. */
export type WireTap = (from: 'cpe' | 'acs', xml: string) => void;

interface Followed {
  device: string;
  session: TracedSession;
}

export interface TracerOptions {
  traces: Traces;
  clock: Clock;
  isSecret: IsSecret;
  tap?: WireTap | undefined;
  /** The tap gets its envelopes without secrets. */
  isTapMasked?: boolean | undefined;
}

export class Tracer {
  readonly #traces: Traces;
  readonly #tap: WireTap | undefined;
  readonly #bySession = new WeakMap<OpenSession, Followed>();
  readonly #byRequest = new WeakMap<FastifyRequest, Followed>();
  readonly #answers = new WeakMap<FastifyReply, { envelope: Envelope; xml: string }>();
  /** Informs of traced devices, as they say, from senders without proof. */
  readonly #strangers = new WeakMap<FastifyRequest, { device: string; posted: InformEnvelope; body: Buffer }>();
  readonly #challenged = new ChallengedMessages();
  readonly #messages: MaskedMessages;

  constructor({ traces, clock, isSecret, tap, isTapMasked }: TracerOptions) {
    this.#traces = traces;
    this.#messages = new MaskedMessages(clock, isSecret);
    this.#tap = tap && isTapMasked ? (from, xml) => tap(from, this.#messages.wireText(xml)) : tap;
  }

  /**
   * A POST was read.
   * @param session undefined for a sender that has none: its message is held back until a proof comes
   * @param posted  undefined when it could not be understood
   */
  received(request: FastifyRequest, session: OpenSession | undefined, posted: Posted | undefined, body: Buffer): void {
    if (this.#tap && body.length) this.#tap('cpe', legibleText(body));
    if (this.#traces.idle()) return;
    if (posted !== undefined && isInform(posted)) {
      const device = claimedDevice(posted);
      if (device !== undefined && this.#traces.isOn(device)) this.#strangers.set(request, { device, posted, body });
      return;
    }
    const followed = session && this.#bySession.get(session);
    if (!followed) return;
    this.#byRequest.set(request, followed);
    addTo(this.#traces, followed, this.#messages.withXml(this.#messages.head(request, posted, body), body));
  }

  /** The sender of an Inform has proved itself, as far as it must: the trace of its session begins. */
  proved(request: FastifyRequest, { proof, address }: Caller): void {
    const stranger = this.#traces.idle() ? undefined : this.#strangers.get(request);
    if (!stranger || ('id' in proof && proof.id !== stranger.device)) return;
    const { device, posted, body } = stranger;
    const followed = { device, session: this.#traces.begin(device, address) };
    this.#byRequest.set(request, followed);
    const challenged = this.#challenged.take(request.headers.authorization);
    if (challenged?.device === device) {
      const { message, body: before, answer } = challenged;
      addTo(this.#traces, followed, this.#messages.withXml(message, before), answer);
    }
    addTo(this.#traces, followed, this.#messages.withXml(this.#messages.head(request, posted, body), body));
  }

  /** The POST began a session: its messages follow. */
  sessionBegan(request: FastifyRequest, session: OpenSession): void {
    const followed = this.#byRequest.get(request);
    if (followed) this.#bySession.set(session, followed);
  }

  /** An envelope is sent as the answer. */
  sent(reply: FastifyReply, envelope: Envelope, xml: string): void {
    if (this.#tap || !this.#traces.idle()) this.#messages.leaves(envelope);
    this.#tap?.('acs', xml);
    if (!this.#traces.idle()) this.#answers.set(reply, { envelope, xml });
  }

  /** The answer, with or without an envelope, is complete. */
  answered(request: FastifyRequest, reply: FastifyReply): void {
    const followed = this.#byRequest.get(request);
    if (followed) addTo(this.#traces, followed, this.#messages.answer(reply, this.#answers.get(reply)));
    else if (reply.statusCode === 401) this.#keepChallenged(request, reply);
  }

  #keepChallenged(request: FastifyRequest, reply: FastifyReply): void {
    const stranger = this.#strangers.get(request);
    if (!stranger) return;
    const { device, posted, body } = stranger;
    const message = this.#messages.head(request, posted, body);
    const answer = this.#messages.answer(reply, this.#answers.get(reply));
    this.#challenged.keep(reply.getHeader('www-authenticate'), { device, message, body, answer });
  }
}

function addTo(traces: Traces, { device, session }: Followed, ...messages: TracedMessage[]): void {
  for (const message of messages) traces.add(device, session, message);
}

/** The device that an Inform claims to come from. */
function claimedDevice(posted: InformEnvelope): string | undefined {
  const identity = claimedIdentity(posted);
  return identity && deviceId(identity);
}
