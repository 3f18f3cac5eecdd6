// The caller of a request, by what the request shows: a bearer token, or the cookie of a session.
import type { FastifyRequest } from 'fastify';
import { plainAddress } from '../../shared/net/address.ts';
import { UserError } from '../errors.ts';
import type { Access } from '../fleet/access/access.ts';
import type { Caller } from '../fleet/access/caller.ts';
import { type Principal, stranger } from '../fleet/access/principal.ts';
import { BASE, type RequestOrigin } from './operation.ts';
import { assertSameSite, cookieOf, isSecureRequest, sessionSecret } from './session-cookie.ts';

/** Finds who a token stands for. */
export type PrincipalOf = (token: string) => Promise<Principal | undefined>;

/** A principal, with the way to ask for it again: its rights may change, or end. */
export interface Identity {
  principal: Principal;
  again(): Promise<Principal | undefined>;
  session?: RequestOrigin['session'];
}

/** A request whose caller is known. */
export type Called<R> = R & { identity: Identity; caller: Caller };

/** The way by which a request came. */
export function originOf(request: FastifyRequest, session: RequestOrigin['session']): RequestOrigin {
  return {
    address: plainAddress(request.ip),
    isSecure: isSecureRequest(request),
    base: `${request.protocol}://${request.host}${BASE}`,
    cookie: names => cookieOf(request, names),
    ...(session ? { session } : {}),
  };
}

const nothing: Identity = { principal: stranger, again: async () => stranger };

/**
 * @param isOpen the operation needs no login
 * @throws UserError 401; 403 for a cookie that another site's page has sent along
 */
export async function identityOf(
  request: FastifyRequest,
  { principalOf, access, isOpen }: { principalOf: PrincipalOf; access: Access; isOpen: boolean },
): Promise<Identity> {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isOpen) {
    // An identity provider, another site, leads the browser back by a GET.
    if (!isRead) assertSameSite(request, { needsProof: false });
    return nothing;
  }
  const { authorization } = request.headers;
  const secret = authorization === undefined ? sessionSecret(request) : undefined;
  if (secret !== undefined) {
    if (!isRead) assertSameSite(request, { needsProof: true });
    return await ofSession(secret, access);
  }
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined)
    throw new UserError(401, 'unauthorized', 'a bearer token is required: Authorization: Bearer TOKEN');
  const again = (): Promise<Principal | undefined> => principalOf(token);
  const principal = await again();
  if (!principal) throw new UserError(401, 'unauthorized', 'the bearer token is not valid');
  return { principal, again };
}

async function ofSession(secret: string, access: Access): Promise<Identity> {
  const found = await access.bySession(secret, true);
  if (!found) throw new UserError(401, 'unauthorized', 'the session has ended; sign in again');
  return {
    principal: found.principal,
    // A look by an open stream does not count as a use of the session.
    again: async () => (await access.bySession(secret, false))?.principal,
    session: { secret, ...found.session },
  };
}
