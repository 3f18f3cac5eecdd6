// The parties of a call as the rules for media see them: extension, gateway or route.
import type { SipRoute } from '../../exchange/data.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { MediaParty } from '../../media/rules.ts';
import { otherSideOf } from '../../routes/match.ts';

/** @param route the one that the call comes from or goes to */
export function partyOf(exchange: Exchange, user: string, route: SipRoute | undefined): MediaParty {
  if (route) {
    const is = route.isGateway ? 'gateway' : 'route';
    return { is, protocol: 'SIP', name: otherSideOf(route), hasException: false };
  }
  const extension = exchange.get('extensions', user);
  // An account of the command line is an implicit extension, with exception.
  return { is: 'extension', protocol: 'SIP', name: user, hasException: extension?.securityException ?? true };
}

/** The route whose other side registers as that user. */
export const trunkOf = (exchange: Exchange, user: string): SipRoute | undefined =>
  exchange.all('sipRoutes').find(({ registeredAs }) => registeredAs === user);
