// One request with its answers, credentials included; for registrations and calls.

import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipRequest, SipResponse } from '../../shared/sip/message.ts';
import type { TransactionLayer } from '../../shared/sip/transaction.ts';
import type { ClientTransaction, Outcome } from '../../shared/sip/transaction-types.ts';
import type { Authenticator } from './auth.ts';

interface ExchangeOptions {
  /** Each attempt, as it starts. */
  onStart?: (transaction: ClientTransaction) => void;
  /** Receives every response, with the request it answers (whose CSeq grows with each attempt). */
  onResponse?: (response: SipResponse, request: SipRequest) => void;
  /** The CSeq number of a further attempt, where other requests of the same dialog count too. */
  nextSequence?: () => number;
}

/** Sends a request and answers challenges until another response comes. Never rejects; see `Outcome`. */
export async function exchange(
  layer: TransactionLayer,
  flow: Flow,
  request: SipRequest,
  auth: Authenticator,
  options: ExchangeOptions = {},
): Promise<Outcome & { request: SipRequest }> {
  auth.prepare(request);
  let attempt = request;
  for (;;) {
    const current = attempt;
    const transaction = layer.request(flow, current, {
      onResponse: response => options.onResponse?.(response, current),
    });
    options.onStart?.(transaction);
    const outcome = await transaction.final;
    const again = outcome.cause ? undefined : auth.retry(current, outcome.response);
    if (!again) return { ...outcome, request: current };
    if (options.nextSequence) again.headers.set('CSeq', `${options.nextSequence()} ${again.method}`);
    attempt = again;
  }
}
