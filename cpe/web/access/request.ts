// The origin of a request: its session, and whether it comes from a page of this unit and is meant for it.
import type { IncomingMessage } from 'node:http';
import type { Unit } from '../../services/service.ts';

/** Cookies know no ports, and many units share the address of one host: each has names of its own. */
const cookieName = ({ identity }: Unit, use: string, isSecure: boolean): string =>
  `${isSecure ? '__Host-' : ''}${use}-${identity.mac.replace(/\W/g, '')}`;

/** @param value '' ends the cookie */
export function cookie(unit: Unit, use: 'unit' | 'unit-login', value: string, isSecure: boolean): string {
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  return `${cookieName(unit, use, isSecure)}=${value}; ${attributes}${value === '' ? '; Max-Age=0' : ''}`;
}

export function cookieOf(
  unit: Unit,
  request: IncomingMessage,
  use: 'unit' | 'unit-login',
  isSecure: boolean,
): string | undefined {
  const name = cookieName(unit, use, isSecure);
  const found = (request.headers.cookie ?? '').split(';').flatMap(pair => {
    const at = pair.indexOf('=');
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  return found.length === 1 && /^[\w-]{43}$/.test(found[0] ?? '') ? found[0] : undefined;
}

/** A page of another site cannot hide what it is: browsers say so in these fields. */
export function isSameSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === headers.host;
}

/**
 * A name of someone else's that leads to this unit's address is none of its own: a page under that name could read
 * the unit's pages in a visitor's browser.
 * @param names further names under which the pages are opened
 */
export function isOwnHost(unit: Unit, request: IncomingMessage, names: readonly string[]): boolean {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[^:[\]]{1,255})(?::\d{1,5})?$/i.exec(request.headers.host ?? '');
  const name = match?.[1]?.toLowerCase().replace(/^\[|\]$/g, '');
  if (name === undefined) return false;
  const local = request.socket.localAddress?.replace(/^::ffff:/, '');
  const own = [local, unit.address, unit.dhcp.lease?.address, ...hostNames(unit), ...names, 'localhost'];
  return own.some(each => each !== undefined && each !== '' && each.toLowerCase() === name);
}

function hostNames(unit: Unit): string[] {
  const host = unit.config.variable('Hoc.HostName') ?? '';
  const domain = unit.config.variable('Hoc.StaticDomainName') ?? '';
  return host === '' ? [] : [host, ...(domain === '' ? [] : [`${host}.${domain}`])];
}
