// The answer to a challenge of the other side of a route, with the route's user and password.
import type { Random } from '../../shared/clock.ts';
import { answerChallenge, chooseDigest, parseChallenges } from '../../shared/net/digest.ts';
import { cloneMessage, type SipRequest, type SipResponse } from '../../shared/sip/message.ts';
import type { SipRoute } from '../exchange/data.ts';

const headersOf = {
  401: ['WWW-Authenticate', 'Authorization'],
  407: ['Proxy-Authenticate', 'Proxy-Authorization'],
} as const;

/** The request with credentials; undefined where the route has none, or they were sent already: a second challenge means that they are wrong. */
export function answerTo(
  challenge: SipResponse,
  request: SipRequest,
  { user, password }: SipRoute,
  random: Random,
): SipRequest | undefined {
  const { status } = challenge;
  if (user === undefined || password === undefined || (status !== 401 && status !== 407)) return undefined;
  const [asking, answering] = headersOf[status];
  const chosen = chooseDigest(parseChallenges(challenge.headers.all(asking)));
  if (!chosen || request.headers.has(answering)) return undefined;
  const { method, uri, body } = request;
  const again = cloneMessage(request);
  const value = answerChallenge({ challenge: chosen, username: user, password, method, uri, body, random, nc: 1 });
  again.headers.add(answering, value);
  return again;
}
