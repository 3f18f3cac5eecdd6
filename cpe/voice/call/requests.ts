// Requests from the network: each is given to its call, makes a new call, or is answered here.
import { dialogKey } from '../../../shared/sip/dialog.ts';
import { sipsNotAllowed } from '../../../shared/sip/fields.ts';
import { type SipRequest, SipSyntaxError } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { isSips, parseNameAddr, parseUri, tagOf, unescapeUser } from '../../../shared/sip/uri.ts';
import type { EventRequests } from '../events/event-requests.ts';
import type { CallContext } from './context.ts';
import { IncomingCalls, type IncomingCallsOptions } from './incoming-calls.ts';
import { allowed, isAllowed, refuseMethod } from './replies.ts';
import { supported } from './session-timer.ts';

/** The user part that a request is for: the Request-URI's, else To's. */
function userOf(request: SipRequest): string | undefined {
  const { user } = parseUri(request.uri);
  const named = user ?? parseUri(parseNameAddr(request.headers.get('To') ?? '').uri).user;
  return named === undefined ? undefined : unescapeUser(named);
}

/** RFC 3261 8.2.2.1, 12.1.1, RFC 5630 5.1.2: a unit that is called without TLS has no sips address, and cannot reach one. */
function refuseSips({ address, log }: CallContext, transaction: ServerTransaction): boolean {
  const { request, flow } = transaction;
  if (flow.protocol === 'tls') return false;
  const isCalled = isSips(request.uri);
  if (!isCalled && !leadsToSips(request)) return false;
  log.warn('SIP request for TLS refused', {
    address: flow.remote.host,
    method: request.method,
    uri: request.uri,
  });
  if (isCalled) transaction.respond(416);
  else transaction.respond(480, undefined, { headers: [sipsNotAllowed(address)] });
  return true;
}

/** Later requests would have a sips address as target or route. */
function leadsToSips({ method, headers }: SipRequest): boolean {
  if (method !== 'INVITE' && method !== 'UPDATE') return false;
  return ['Contact', 'Record-Route'].some(name => {
    const [first] = headers.list(name);
    return first !== undefined && isSips(parseNameAddr(first).uri);
  });
}

interface RequestsOptions extends IncomingCallsOptions {
  events: EventRequests;
}

export class Requests {
  readonly #options: RequestsOptions;
  readonly #calls: IncomingCalls;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#calls = new IncomingCalls(options);
  }

  take(transaction: ServerTransaction): void {
    const { request } = transaction;
    try {
      if (refuseSips(this.#options.context, transaction)) return;
      if (tagOf(request.headers.get('To') ?? '') === undefined) {
        this.#outsideDialog(transaction);
        return;
      }
      const { legs, remains } = this.#options.context;
      const key = dialogKey(request, 'in');
      const leg = legs.get(key);
      const rest = remains.get(key);
      if (leg) leg.onRequest(transaction);
      else if (rest) rest.take(transaction);
      else if (request.method === 'NOTIFY') this.#options.events.takeInside(transaction);
      else transaction.respond(481);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      // A Request-URI or Contact that cannot be read; RFC 3261 21.4.1, 21.4.14.
      if (!transaction.answered) transaction.respond(error.status);
    }
  }

  acknowledge(ack: SipRequest): void {
    this.#options.context.legs.get(dialogKey(ack, 'in'))?.onAck(ack);
  }

  /** Ends what rings. */
  stop(): void {
    this.#calls.stop();
  }

  /** Resolves when no call is being answered. */
  settled(): Promise<void> {
    return this.#calls.settled();
  }

  #outsideDialog(transaction: ServerTransaction): void {
    const { context } = this.#options;
    const { method } = transaction.request;
    const named = userOf(transaction.request);
    const user = named ?? '';
    if (method === 'INVITE') this.#calls.take(transaction, named);
    else if (method === 'OPTIONS') tellCapabilities(context, transaction, user);
    else if (method === 'REFER') transaction.respond(603);
    else if (method === 'NOTIFY') this.#options.events.take(transaction, user);
    else if (['BYE', 'UPDATE', 'PRACK', 'INFO'].includes(method) && isAllowed(context, user, method))
      transaction.respond(481);
    else refuseMethod(context, transaction, user);
  }
}

function tellCapabilities(context: CallContext, transaction: ServerTransaction, user: string): void {
  const headers: [string, string][] = [
    ['Allow', allowed(context, user)],
    ['Accept', 'application/sdp'],
    ...supported(context.calls),
  ];
  transaction.respond(200, undefined, { headers });
}
