// Requests from the network: each is given to its call, makes a new call, or is answered here.
import { dialogKey } from '../../../shared/sip/dialog.ts';
import { sipsNotAllowed } from '../../../shared/sip/fields.ts';
import { type SipRequest, SipSyntaxError } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { isSips, parseNameAddr, parseUri, tagOf, unescapeUser } from '../../../shared/sip/uri.ts';
import type { Accounts } from '../accounts.ts';
import { replacedLeg } from '../transfer/replaced.ts';
import type { Call, Leg } from './call.ts';
import { type CallContext, MOST_CALLS } from './context.ts';
import { takeCall } from './incoming.ts';
import { allowed, isAllowed, refuseExtensions, refuseMethod } from './replies.ts';
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

interface RequestsOptions {
  context: CallContext;
  accounts: Accounts;
  isStopping: () => boolean;
  onCall: (call: Call) => void;
}

export class Requests {
  readonly #options: RequestsOptions;
  readonly #answering = new Set<Promise<void>>();

  constructor(options: RequestsOptions) {
    this.#options = options;
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

  /** Resolves when no call is being answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#answering);
  }

  #outsideDialog(transaction: ServerTransaction): void {
    const { context } = this.#options;
    const { method } = transaction.request;
    const user = userOf(transaction.request) ?? '';
    if (method === 'INVITE') this.#invite(transaction);
    else if (method === 'OPTIONS') {
      const allow = allowed(context, user);
      const headers: [string, string][] = [
        ['Allow', allow],
        ['Accept', 'application/sdp'],
        ...supported(context.calls),
      ];
      transaction.respond(200, undefined, { headers });
    } else if (method === 'REFER') transaction.respond(603);
    else if (['BYE', 'NOTIFY', 'UPDATE', 'PRACK'].includes(method) && isAllowed(context, user, method))
      transaction.respond(481);
    else refuseMethod(context, transaction, user);
  }

  #invite(transaction: ServerTransaction): void {
    const { accounts, context, isStopping } = this.#options;
    const user = userOf(transaction.request);
    if (user === undefined || !accounts.isKnown(user)) transaction.respond(404);
    else if (isStopping()) transaction.respond(480);
    else if (accounts.isDisabled(user)) transaction.respond(403);
    else if (context.legs.size + this.#answering.size >= MOST_CALLS) transaction.respond(486);
    else if (!refuseExtensions(transaction, context.calls)) {
      const replaces = replacedLeg(context, transaction.request, user);
      if (typeof replaces === 'number') return void transaction.respond(replaces);
      const work = this.#answer(transaction, user, replaces).finally(() => this.#answering.delete(work));
      this.#answering.add(work);
    }
  }

  async #answer(transaction: ServerTransaction, user: string, replaces?: Leg): Promise<void> {
    const { context, onCall } = this.#options;
    try {
      const call = await takeCall(context, transaction, user, replaces);
      if (call) onCall(call);
    } catch (error) {
      context.log.error('incoming call failed', { error });
      if (!transaction.answered) transaction.respond(500);
    }
  }
}
