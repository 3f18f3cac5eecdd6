// The targets of a request outside any dialog: the contacts of a user of ours, else the route whose prefix the number begins with.

import { parseVia } from '../../../shared/sip/fields.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { formatUri, parseUri, type SipUri, unescapeUser, withScheme } from '../../../shared/sip/uri.ts';
import type { SipRoute } from '../../exchange/data.ts';
import { numberUri, otherSideOf } from '../../routes/match.ts';
import type { Target } from '../forward.ts';
import type { ProxyOptions } from '../proxy-context.ts';
import { routeTarget } from './route-target.ts';

export interface Found {
  user: string;
  targets: Target[];
  /** The user has a contact that no sips request may reach. */
  barred: boolean;
  /** The route that the targets are behind. */
  route?: SipRoute;
}

interface Refused {
  status: number;
  reason: string;
}

/** @param origin route that the request came from; it does not go back there */
export async function targetsOf(
  options: ProxyOptions,
  transaction: ServerTransaction,
  uri: SipUri,
  origin: SipRoute | undefined,
): Promise<Found | Refused> {
  const local = contactsOf(options, uri, transaction.flow);
  if (!local) return { status: 403, reason: 'Relaying Denied' };
  if (local.targets.length > 0 || local.barred || options.hasUser(local.user)) return local;
  const route = options.routes.find(local.user);
  if (!route || (origin && otherSideOf(route) === otherSideOf(origin))) return local;
  if (cameThroughHere(transaction.request, options)) return { status: 482, reason: 'Loop Detected' };
  return wayOver(options, route, local.user, uri);
}

/**
 * Flows that ring for a request to that URI: one target each, the contact with the highest q. A sips request goes to contacts that were
 * registered over TLS alone. RFC 5630 5.3 asks for a sips Contact too, which units that write `transport=tls` do not register.
 * @returns undefined for a URI of elsewhere
 */
function contactsOf({ location, names }: ProxyOptions, uri: SipUri, flow: Flow): Found | undefined {
  const contact = names.isOurs(uri, flow) ? undefined : location.findContact(uri);
  if (!contact && !names.isOurs(uri, flow)) return undefined;
  const user = contact?.user ?? unescapeUser(uri.user ?? '');
  const byFlow = new Map<Flow, Target>();
  let barred = false;
  for (const binding of contact ? [contact] : location.find(user)) {
    if (uri.scheme === 'sips' && binding.flow.protocol !== 'tls') barred = true;
    else if (!byFlow.has(binding.flow))
      byFlow.set(binding.flow, { flow: binding.flow, uri: withScheme(binding.uri, uri.scheme) });
  }
  return { user, targets: [...byFlow.values()], barred };
}

/** RFC 3261 16.3 step 4: a request that was here before may still reach a user of ours, but leaves over no route again. */
const cameThroughHere = (request: SipRequest, { names }: ProxyOptions): boolean =>
  request.headers.list('Via').some(value => names.isOurName(parseVia(value)));

async function wayOver(
  options: ProxyOptions,
  route: SipRoute,
  number: string,
  { scheme }: SipUri,
): Promise<Found | Refused> {
  if (route.registeredAs !== undefined) return trunkContacts(options, route, number, scheme);
  const way = await options.routes.open(route);
  if ('problem' in way) {
    options.log.info('route out of service', { route: route.route, to: number, reason: way.problem });
    return { status: 503, reason: `Route ${route.route} Out Of Service` };
  }
  const { flow } = way;
  const barred = scheme === 'sips' && flow.protocol !== 'tls';
  const target = {
    flow,
    uri: withScheme(numberUri(route, number), scheme),
    route: routeTarget(options, route),
  };
  return { user: number, targets: barred ? [] : [target], barred, route };
}

/** The contacts of a gateway or exchange that registers here, with the called number as their user. */
function trunkContacts(
  { location }: ProxyOptions,
  route: SipRoute,
  number: string,
  scheme: SipUri['scheme'],
): Found | Refused {
  const [binding] = location.find(route.registeredAs ?? '');
  if (!binding) return { status: 503, reason: `Route ${route.route} Out Of Service` };
  const { flow } = binding;
  const barred = scheme === 'sips' && flow.protocol !== 'tls';
  const uri = formatUri({ ...parseUri(withScheme(binding.uri, scheme)), user: number });
  return { user: number, targets: barred ? [] : [{ flow, uri }], barred, route };
}
