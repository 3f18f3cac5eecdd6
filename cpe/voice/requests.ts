// What reaches the unit from outside: requests are given to their call, make a new one, or are answered here.
import { dialogKey } from '../../shared/sip/dialog.ts';
import { type SipRequest, SipSyntaxError } from '../../shared/sip/message.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { parseNameAddr, parseUri, tagOf, unescapeUser } from '../../shared/sip/uri.ts';
import type { Call, CallContext } from './call.ts';
import { refuseExtensions, takeCall } from './incoming.ts';
import { allowed } from './replies.ts';
import { supported } from './session-timer.ts';

/** More calls than any unit has lines. */
const MOST_CALLS = 64;

/** The user part that a request is for: the Request-URI's, else To's. */
function userOf(request: SipRequest): string | undefined {
  const { user } = parseUri(request.uri);
  const named = user ?? parseUri(parseNameAddr(request.headers.get('To') ?? '').uri).user;
  return named === undefined ? undefined : unescapeUser(named);
}

export interface RequestsOptions {
  context: CallContext;
  isKnown: (user: string) => boolean;
  /** An account that should be registered and is not. */
  isDisabled: (user: string) => boolean;
  isStopping: () => boolean;
  onCall: (call: Call) => void;
}

export interface Requests {
  take(transaction: ServerTransaction): void;
  acknowledge(ack: SipRequest): void;
  /** Resolves when no call is being answered. */
  settled(): Promise<void>;
}

export function createRequests(options: RequestsOptions): Requests {
  const { context } = options;
  const { legs, log } = context;
  const answering = new Set<Promise<void>>();

  const answer = async (transaction: ServerTransaction, user: string): Promise<void> => {
    try {
      const call = await takeCall(context, transaction, user);
      if (call) options.onCall(call);
    } catch (error) {
      log.error('an incoming call failed', { error });
      if (!transaction.answered) transaction.respond(500);
    }
  };

  const invite = (transaction: ServerTransaction): void => {
    const user = userOf(transaction.request);
    if (user === undefined || !options.isKnown(user)) transaction.respond(404);
    else if (options.isStopping()) transaction.respond(480);
    else if (options.isDisabled(user)) transaction.respond(403);
    else if (legs.size + answering.size >= MOST_CALLS) transaction.respond(486);
    else if (!refuseExtensions(transaction)) {
      const work = answer(transaction, user).finally(() => answering.delete(work));
      answering.add(work);
    }
  };

  const outside = (transaction: ServerTransaction): void => {
    const { method } = transaction.request;
    if (method === 'INVITE') invite(transaction);
    else if (method === 'OPTIONS') {
      const headers: (readonly [string, string])[] = [['Allow', allowed], ['Accept', 'application/sdp'], ...supported];
      transaction.respond(200, undefined, { headers });
    } else if (['BYE', 'NOTIFY', 'UPDATE'].includes(method)) transaction.respond(481);
    else transaction.respond(405, undefined, { headers: [['Allow', allowed]] });
  };

  const take = (transaction: ServerTransaction): void => {
    const { request } = transaction;
    try {
      if (tagOf(request.headers.get('To') ?? '') === undefined) {
        outside(transaction);
        return;
      }
      const leg = legs.get(dialogKey(request, 'in'));
      if (leg) leg.onRequest(transaction);
      else transaction.respond(481);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      // A Request-URI or Contact that cannot be read; RFC 3261 21.4.1, 21.4.14.
      if (!transaction.answered) transaction.respond(error.status);
    }
  };

  return {
    take,
    acknowledge: ack => legs.get(dialogKey(ack, 'in'))?.onAck(ack),
    settled: async () => {
      await Promise.all(answering);
    },
  };
}
