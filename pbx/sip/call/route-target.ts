// A route as the target of a request: its timers, and the answers to its challenges with the route's user and password.
import { answerChallenge, chooseDigest, parseChallenges } from '../../../shared/net/digest.ts';
import { cloneMessage, type SipRequest, type SipResponse } from '../../../shared/sip/message.ts';
import type { SipRoute } from '../../exchange/data.ts';
import type { RouteTarget } from '../forward.ts';
import type { ProxyOptions } from '../proxy-context.ts';

/** A request that nothing at all answers within this time fails: the caller shall not wait for 64 × T1. */
const SILENCE_MS = 6_000;

export function routeTarget(options: ProxyOptions, route: SipRoute): RouteTarget {
  return {
    number: route.route,
    timers: { timeoutMs: SILENCE_MS },
    answerTo: (challenge, request) => answered(options, route, challenge, request),
    onSilence: () => options.routes.suspect(route.route),
  };
}

/**
 * The request with credentials, in a new transaction. The CSeq number stays, as of any proxy that answers for its callers: it is the
 * callers' own, and later requests of theirs must not fall behind it.
 */
function answered(
  { random }: ProxyOptions,
  { user, password }: SipRoute,
  challenge: SipResponse,
  request: SipRequest,
): SipRequest | undefined {
  if (user === undefined || password === undefined) return undefined;
  const isProxy = challenge.status === 407;
  const [asking, answering] = isProxy
    ? (['Proxy-Authenticate', 'Proxy-Authorization'] as const)
    : (['WWW-Authenticate', 'Authorization'] as const);
  const chosen = chooseDigest(parseChallenges(challenge.headers.all(asking)));
  // The second challenge means that they are wrong.
  if (!chosen || request.headers.has(answering)) return undefined;
  const { method, uri, body } = request;
  const again = cloneMessage(request);
  const value = answerChallenge({ challenge: chosen, username: user, password, method, uri, body, random, nc: 1 });
  again.headers.add(answering, value);
  return again;
}
