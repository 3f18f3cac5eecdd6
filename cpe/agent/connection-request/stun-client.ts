// One question to a STUN server at a time: repeated until answered, and what the answer says (RFC 3489 9).
import type { Clock, Random } from '../../../shared/clock.ts';
import {
  authorityOf,
  decodeStun,
  type Endpoint,
  encodeStun,
  integrityOf,
  type StunMessage,
} from '../../../shared/stun.ts';

export type BindingOutcome =
  /** The address by which the server sees the unit. */
  { kind: 'mapped'; endpoint: Endpoint } | { kind: 'error'; code: number; reason: string } | { kind: 'silent' };

export interface BindingQuestion {
  server: Endpoint;
  username: string;
  /** Seals the question with MESSAGE-INTEGRITY. */
  key?: string | undefined;
  /** TR-069 Annex G: the binding was found to be another one. */
  change: boolean;
}

export interface Binder {
  /** Rejects only when `signal` aborts. */
  ask(question: BindingQuestion, signal: AbortSignal): Promise<BindingOutcome>;
  /** A datagram that came in; what is no answer to the question under way changes nothing. */
  heard(bytes: Buffer, from: Endpoint): void;
}

/** RFC 3489 9.3: milliseconds between one sending and the next; after the last the server counts as silent. */
const WAITS = [100, 200, 400, 800, 1600, 1600, 1600, 1600, 1600];

export interface BinderOptions {
  clock: Clock;
  random: Random;
  /** A datagram that cannot be sent is as good as lost. */
  send: (bytes: Buffer, to: Endpoint) => void;
}

export function createBinder({ clock, random, send }: BinderOptions): Binder {
  let pending:
    | { question: BindingQuestion; transaction: Buffer; settle: (outcome: BindingOutcome) => void }
    | undefined;

  const heard: Binder['heard'] = (bytes, from) => {
    const answer = pending && decodeStun(bytes);
    if (!answer || answer.kind === 'request' || !answer.transaction.equals(pending!.transaction)) return;
    const { question, settle } = pending!;
    if (authorityOf(from) !== authorityOf(question.server)) return;
    // RFC 3489 9.4: a seal must be good. Servers that leave it away are taken as they are.
    if (answer.integrity && question.key !== undefined && !integrityOf(bytes, question.key)) return;
    const outcome = outcomeOf(answer);
    if (outcome) settle(outcome);
  };

  const ask: Binder['ask'] = async (question, signal) => {
    const transaction = random.bytes(16);
    const request: StunMessage = { kind: 'request', transaction, connectionRequestBinding: true };
    if (question.change) request.bindingChange = true;
    if (question.username !== '') request.username = question.username;
    const bytes = encodeStun(request, question.key);
    const answered = new AbortController();
    let outcome: BindingOutcome = { kind: 'silent' };
    const settle = (given: BindingOutcome): void => {
      outcome = given;
      answered.abort();
    };
    pending = { question, transaction, settle };
    try {
      const either = AbortSignal.any([signal, answered.signal]);
      for (const wait of WAITS) {
        send(bytes, question.server);
        await clock.sleep(wait, either);
      }
    } catch (error) {
      if (!answered.signal.aborted) throw error;
    } finally {
      pending = undefined;
    }
    return outcome;
  };

  return { ask, heard };
}

function outcomeOf(answer: StunMessage): BindingOutcome | undefined {
  if (answer.kind === 'error') return { kind: 'error', ...(answer.error ?? { code: 600, reason: '' }) };
  // A NAT that rewrites addresses inside packets cannot know the crossed one (RFC 5389 15.2).
  const endpoint = answer.xorMappedAddress ?? answer.mappedAddress;
  return endpoint && { kind: 'mapped', endpoint };
}
