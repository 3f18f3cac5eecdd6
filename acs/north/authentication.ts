// The caller of a request, by what the request shows: a bearer token.
import type { FastifyRequest } from 'fastify';
import { UserError } from '../errors.ts';
import type { Caller } from '../fleet/access/caller.ts';
import type { Principal } from '../fleet/access/principal.ts';

/** Finds who a token stands for. */
export type PrincipalOf = (token: string) => Promise<Principal | undefined>;

/** A principal, with the way to ask for it again: its rights may change, or end. */
export interface Identity {
  principal: Principal;
  again(): Promise<Principal | undefined>;
}

/** A request whose caller is known. */
export type Called<R> = R & { identity: Identity; caller: Caller };

/** @throws UserError 401 */
export async function identityOf(request: FastifyRequest, principalOf: PrincipalOf): Promise<Identity> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined)
    throw new UserError(401, 'unauthorized', 'a bearer token is required: Authorization: Bearer TOKEN');
  const again = (): Promise<Principal | undefined> => principalOf(token);
  const principal = await again();
  if (!principal) throw new UserError(401, 'unauthorized', 'the bearer token is not valid');
  return { principal, again };
}
