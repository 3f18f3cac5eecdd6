// The choice of a route by the called number, and the address of that number behind it. Pure.
import { isIPv6 } from 'node:net';
import type { SipRoute } from '../exchange/data.ts';

/** The route with the longest prefix that the number begins with; of equal ones that with the lowest number. */
export function routeFor(routes: readonly SipRoute[], number: string): SipRoute | undefined {
  if (!/^\+?[\d*#]+$/.test(number)) return undefined;
  const fitting = routes.filter(({ prefix }) => prefix !== '' && number.startsWith(prefix));
  return fitting.sort((a, b) => b.prefix.length - a.prefix.length || a.route - b.route)[0];
}

/** One name for what is behind a route: two routes may lead to one exchange or gateway. */
export const otherSideOf = ({ registeredAs, host, port }: SipRoute): string => registeredAs ?? `${host}:${port}`;

/** Request-URI of a number over that route. */
export function numberUri({ uri, host = '', port, protocol }: SipRoute, number: string): string {
  const escaped = encodeURIComponent(number).replaceAll('%2B', '+').replaceAll('%2A', '*');
  if (uri !== undefined) return uri.replace('?', escaped);
  return `sip:${escaped}@${hostText(host)}:${port};transport=${protocol}`;
}

/** The other side itself, for OPTIONS and REGISTER. */
export function sideUri(route: SipRoute): string {
  const own = numberUri(route, '');
  const at = own.indexOf('@');
  return `${own.slice(0, own.indexOf(':') + 1)}${own.slice(at + 1)}`;
}

const hostText = (host: string): string => (isIPv6(host) ? `[${host}]` : host);
