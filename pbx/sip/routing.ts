// Routing headers of the proxy (RFC 3261 16.4, 16.6): Route, Record-Route, and the user that a header names.
import { isIPv6 } from 'node:net';
import type { Address, Flow } from '../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../shared/sip/message.ts';
import { parseNameAddr, parseUri, type SipUri, unescapeUser } from '../../shared/sip/uri.ts';

export const userOf = (request: SipRequest, header: 'From' | 'To'): string =>
  unescapeUser(parseUri(parseNameAddr(request.headers.get(header) ?? '').uri).user ?? '');

/**
 * Record-Route values for a request from one flow to another, first on top; `nameOn` is our address towards a flow's peer.
 * @param secure the request goes to a sips address
 */
export function recordRoutes(from: Flow, to: Flow, nameOn: (flow: Flow) => Address, secure: boolean): string[] {
  const inward = routeUri(from, nameOn(from), secure);
  const outward = routeUri(to, nameOn(to), secure);
  // Two when the sides differ, so that each reads its own transport and address (RFC 5658).
  return inward === outward ? [inward] : [outward, inward];
}

/** One Record-Route entry. RFC 3261 16.6 step 4 */
function routeUri(flow: Flow, { host, port }: Address, secure: boolean): string {
  const name = isIPv6(host) ? `[${host}]` : host;
  if (secure) return `<sips:${name}:${port};lr>`;
  return `<sip:${name}:${port};transport=${flow.protocol};lr>`;
}

/** RFC 3261 16.4: undoes strict routing and removes our own entries from the route. */
export function preprocess(request: SipRequest, isOurs: (uri: SipUri) => boolean): void {
  let routes = request.headers.list('Route');
  const uri = parseUri(request.uri);
  const last = routes.at(-1);
  if (last !== undefined && uri.parameters.has('lr') && isOurs(uri)) {
    request.uri = parseNameAddr(last).uri;
    routes = routes.slice(0, -1);
  }
  const first = routes.findIndex(route => !isOurs(parseUri(parseNameAddr(route).uri)));
  request.headers.setAll('Route', first < 0 ? [] : routes.slice(first));
}
