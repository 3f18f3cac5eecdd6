// The cookie of a session, and the proof that a page of this site has sent it.
import type { FastifyRequest } from 'fastify';
import { UserError } from '../errors.ts';

/** RFC 6265bis 4.1.3: browsers take it only with Secure, Path=/ and without Domain. Plain HTTP on loopback has the other name. */
export const SECURE_COOKIE = '__Host-tandem';
export const PLAIN_COOKIE = 'tandem';

/** The names of a cookie by HTTPS, and by plain HTTP. */
export interface CookieNames {
  secure: string;
  plain: string;
}

const SESSION_COOKIES: CookieNames = { secure: SECURE_COOKIE, plain: PLAIN_COOKIE };
/** A sign-in by an identity provider that has begun. */
export const TICKET_COOKIES: CookieNames = { secure: '__Host-tandem-oidc', plain: 'tandem-oidc' };
const TICKET_SECONDS = 600;

const nameFor = ({ secure, plain }: CookieNames, isSecure: boolean): string => (isSecure ? secure : plain);

/** @param secret '' ends the cookie */
export function sessionCookie(secret: string, isSecure: boolean): string {
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  return `${nameFor(SESSION_COOKIES, isSecure)}=${secret}; ${attributes}${secret === '' ? '; Max-Age=0' : ''}`;
}

/** The provider leads the browser back from another site, so SameSite is Lax. @param ticket '' ends the cookie */
export function ticketCookie(ticket: string, isSecure: boolean): string {
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return `${nameFor(TICKET_COOKIES, isSecure)}=${ticket}; ${attributes}; Max-Age=${ticket === '' ? 0 : TICKET_SECONDS}`;
}

/** By HTTPS to this server, or as a trusted proxy says to itself. */
export const isSecureRequest = ({ protocol }: Pick<FastifyRequest, 'protocol'>): boolean => protocol === 'https';

/** @returns the secret in the cookie; undefined for none, and for one that no server of ours has set */
export function sessionSecret(request: FastifyRequest): string | undefined {
  const secret = cookieOf(request, SESSION_COOKIES);
  return secret !== undefined && /^[\w-]{43}$/.test(secret) ? secret : undefined;
}

/** @returns the value of the cookie; undefined for none */
export function cookieOf(request: FastifyRequest, names: CookieNames): string | undefined {
  const name = nameFor(names, isSecureRequest(request));
  const found = (request.headers.cookie ?? '').split(';').flatMap(pair => {
    const at = pair.indexOf('=');
    return pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  // Two of that name are no cookie of ours: another host of the domain may have set one.
  return found.length === 1 ? found[0] : undefined;
}

/**
 * Refuses requests of other sites' pages: a page can neither leave out nor choose Sec-Fetch-Site and Origin, and sends X-Tandem to
 * another site only after a preflight (CORS), which is never answered.
 * @param needsProof the request must show one of the three; without it only what speaks against it counts
 * @throws UserError 403 `cross-site`
 */
export function assertSameSite({ headers, host }: FastifyRequest, { needsProof }: { needsProof: boolean }): void {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (headers['x-tandem'] === '1') return;
  const isSame =
    site !== undefined ? site === 'same-origin' : origin !== undefined ? hostOf(origin) === host : !needsProof;
  if (!isSame) throw new UserError(403, 'cross-site', 'the request does not come from a page of this server');
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
