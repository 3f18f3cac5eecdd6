// The cookie of a session, and the proof that a page of this site has sent it.
import type { FastifyRequest } from 'fastify';
import { UserError } from '../errors.ts';

/** RFC 6265bis 4.1.3: browsers take it only with Secure, Path=/ and without Domain. Plain HTTP on loopback has the other name. */
export const SECURE_COOKIE = '__Host-tandem';
export const PLAIN_COOKIE = 'tandem';

const nameFor = (isSecure: boolean): string => (isSecure ? SECURE_COOKIE : PLAIN_COOKIE);

/** @param secret '' ends the cookie */
export function sessionCookie(secret: string, isSecure: boolean): string {
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  return `${nameFor(isSecure)}=${secret}; ${attributes}${secret === '' ? '; Max-Age=0' : ''}`;
}

export const isSecureRequest = ({ raw }: Pick<FastifyRequest, 'raw'>): boolean => 'encrypted' in raw.socket;

/** @returns the secret in the cookie; undefined for none, and for one that no server of ours has set */
export function sessionSecret(request: FastifyRequest): string | undefined {
  const name = nameFor(isSecureRequest(request));
  const found = (request.headers.cookie ?? '').split(';').flatMap(pair => {
    const at = pair.indexOf('=');
    return pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  // Two of that name are no cookie of ours: another host of the domain may have set one.
  const [secret] = found;
  return found.length === 1 && secret !== undefined && /^[\w-]{43}$/.test(secret) ? secret : undefined;
}

/**
 * Refuses requests of other sites' pages: a page can neither leave out nor choose Sec-Fetch-Site and Origin, and sends X-Tandem to
 * another site only after a preflight (CORS), which is never answered.
 * @param needsProof the request must show one of the three; without it only what speaks against it counts
 * @throws UserError 403 `cross-site`
 */
export function assertSameSite({ headers }: FastifyRequest, { needsProof }: { needsProof: boolean }): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (headers['x-tandem'] === '1') return;
  const isSame =
    site !== undefined ? site === 'same-origin' : origin !== undefined ? hostOf(origin) === host : !needsProof;
  if (!isSame) throw new UserError(403, 'cross-site', 'the request does not come from a page of this server');
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
