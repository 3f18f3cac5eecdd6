// A route as the target of a request: its timers, and the answers to its challenges with the route's user and password.
import type { SipRoute } from '../../exchange/data.ts';
import { answerTo } from '../../routes/credentials.ts';
import type { RouteTarget } from '../forward.ts';
import type { ProxyOptions } from '../proxy-context.ts';

/** A request that nothing at all answers within this time fails: the caller shall not wait for 64 × T1. */
const SILENCE_MS = 6_000;

/** Its answers keep the CSeq number, which is the caller's own: later requests of the caller must not fall behind it. */
export const routeTarget = ({ routes, random }: ProxyOptions, route: SipRoute): RouteTarget => ({
  number: route.route,
  timers: { timeoutMs: SILENCE_MS },
  answerTo: (challenge, request) => answerTo(challenge, request, route, random),
  onSilence: () => routes.suspect(route.route),
});
