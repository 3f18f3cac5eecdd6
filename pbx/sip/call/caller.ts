// The sender of a request outside any dialog: a user that proves itself, or the other side of a route.
import type { SipRequest } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { parseNameAddr, parseUri } from '../../../shared/sip/uri.ts';
import type { SipRoute } from '../../exchange/data.ts';
import { type ProxyOptions, refuse } from '../proxy-context.ts';
import { userOf } from '../routing.ts';
import { trunkOf } from './parties.ts';

export interface Caller {
  user: string;
  /** The route that the request came over. */
  route: SipRoute | undefined;
}

/** @returns undefined when the request was answered here: challenged, or refused */
export async function callerOf(
  options: ProxyOptions,
  transaction: ServerTransaction,
  request: SipRequest,
): Promise<Caller | undefined> {
  const { authenticator, routes, exchange } = options;
  const named = userOf(request, 'From');
  const origin = routes.originOf(transaction.flow, transaction.request);
  if (origin) return { user: named, route: origin };
  const user = await authenticator.check(transaction, 'proxy');
  if (user === undefined) return undefined;
  // A trunk calls in the name of the numbers behind it.
  const trunk = trunkOf(exchange, user);
  if (trunk) return { user: named, route: trunk };
  if (named === user || isWithheld(request)) return { user, route: undefined };
  refuse(options, transaction, 403, 'From is not who authenticated');
  return undefined;
}

/** RFC 3323 4.1.1.3: the From of a caller that withholds its name. */
function isWithheld(request: SipRequest): boolean {
  return parseUri(parseNameAddr(request.headers.get('From') ?? '').uri).host.toLowerCase() === 'anonymous.invalid';
}
