// Asks a STUN server for the binding of a port, one question at a time: repeated until answered (RFC 3489 9).
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
  /** Adds MESSAGE-INTEGRITY to the question. */
  key?: string | undefined;
  /** TR-069 Annex G: the binding has changed. */
  change: boolean;
}

/** RFC 3489 9.3: milliseconds between one sending and the next; after the last the server counts as silent. */
const WAITS = [100, 200, 400, 800, 1600, 1600, 1600, 1600, 1600];

export interface StunClientOptions {
  clock: Clock;
  random: Random;
  /** Sends a datagram; one that cannot be sent counts as lost. */
  send: (bytes: Buffer, to: Endpoint) => void;
}

interface Pending {
  question: BindingQuestion;
  transaction: Buffer;
  settle: (outcome: BindingOutcome) => void;
}

export class StunClient {
  readonly #options: StunClientOptions;
  #pending: Pending | undefined;

  constructor(options: StunClientOptions) {
    this.#options = options;
  }

  /** Rejects only when `signal` aborts. */
  async ask(question: BindingQuestion, signal: AbortSignal): Promise<BindingOutcome> {
    const { clock, random, send } = this.#options;
    const transaction = random.bytes(16);
    const bytes = encodeStun(requestOf(question, transaction), question.key);
    const answered = new AbortController();
    let outcome: BindingOutcome = { kind: 'silent' };
    const settle = (given: BindingOutcome): void => {
      outcome = given;
      answered.abort();
    };
    this.#pending = { question, transaction, settle };
    try {
      const either = AbortSignal.any([signal, answered.signal]);
      for (const wait of WAITS) {
        send(bytes, question.server);
        await clock.sleep(wait, either);
      }
    } catch (error) {
      if (!answered.signal.aborted) throw error;
    } finally {
      this.#pending = undefined;
    }
    return outcome;
  }

  /** Takes a datagram that arrived; one that does not answer the question under way changes nothing. */
  received(bytes: Buffer, from: Endpoint): void {
    const pending = this.#pending;
    const answer = pending && decodeStun(bytes);
    if (!answer || answer.kind === 'request' || !answer.transaction.equals(pending.transaction)) return;
    const { question, settle } = pending;
    if (authorityOf(from) !== authorityOf(question.server)) return;
    // RFC 3489 9.4: a MESSAGE-INTEGRITY must be good. Servers that leave it away are taken as they are.
    if (answer.integrity && question.key !== undefined && !integrityOf(bytes, question.key)) return;
    const outcome = outcomeOf(answer);
    if (outcome) settle(outcome);
  }
}

function requestOf({ change, username }: BindingQuestion, transaction: Buffer): StunMessage {
  const request: StunMessage = { kind: 'request', transaction, connectionRequestBinding: true };
  if (change) request.bindingChange = true;
  if (username !== '') request.username = username;
  return request;
}

function outcomeOf(answer: StunMessage): BindingOutcome | undefined {
  if (answer.kind === 'error') return { kind: 'error', ...(answer.error ?? { code: 600, reason: '' }) };
  // A NAT that rewrites addresses inside packets cannot know the crossed one (RFC 5389 15.2).
  const endpoint = answer.xorMappedAddress ?? answer.mappedAddress;
  return endpoint && { kind: 'mapped', endpoint };
}
