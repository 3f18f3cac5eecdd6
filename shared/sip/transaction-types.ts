// Transactions as their user sees them (RFC 3261 17).

import type { Flow } from './flow-types.ts';
import type { MessageParts, SipRequest, SipResponse } from './message.ts';

/** RFC 3261 17.1.1.1 and its table 4, in milliseconds. */
export interface TimerSettings {
  t1: number;
  t2: number;
  t4: number;
  /** Timers B, F and H; 64 × T1. */
  timeoutMs: number;
  /** Timer D; at least 32 s. */
  timerD: number;
}

/** The end of a request. `cause` is present when we made up the response (RFC 3261 8.1.3.1). */
export interface Outcome {
  response: SipResponse;
  cause?: 'timeout' | 'transport';
}

export interface ClientTransaction {
  /** As sent, Via included. */
  readonly request: SipRequest;
  readonly flow: Flow;
  /** The first final response. Never rejects. */
  readonly final: Promise<Outcome>;
  /** INVITE only: sends CANCEL once a provisional response is there (RFC 3261 9.1); nothing after a final one. */
  cancel(): void;
  /** Ends it and sends nothing. `final` answers as for a timeout. */
  abandon(): void;
}

export interface ServerTransaction {
  /** With `received` and `rport` filled in on its topmost Via. */
  readonly request: SipRequest;
  /** The flow that it came over. */
  readonly flow: Flow;
  /** The tag that `respond` puts on To. */
  readonly localTag: string;
  /** True when a final response was sent. */
  readonly answered: boolean;
  /** Sends a response made by createResponse; answers it. After a final one: nothing is sent, but a repeated 2xx to INVITE. */
  respond(status: number, reason?: string, parts?: MessageParts): SipResponse;
  /** Sends a response that is already made (the proxy's, or a repeated 2xx). */
  send(response: SipResponse): void;
  /** INVITE only: the caller cancelled before a final response was sent. */
  onCancel(listener: (cancel: SipRequest) => void): void;
  /** INVITE only: a refusal was never acknowledged (timer H). */
  onTimeout(listener: () => void): void;
}
