// The caller of a SOAP request: by its Authorization header or cookie as for REST, by HTTP Basic, or by the UsernameToken in its header.
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../../../shared/net/address.ts';
import { UserError } from '../../errors.ts';
import type { Access } from '../../fleet/access/access.ts';
import { type Principal, stranger } from '../../fleet/access/principal.ts';
import { identityOf, type PrincipalOf } from '../authentication.ts';
import type { RequestOrigin } from '../operation.ts';
import { isSecureRequest, sessionSecret } from '../session-cookie.ts';
import type { Login } from './envelope.ts';

export interface LoginParts {
  principalOf: PrincipalOf;
  access: Access;
}

export interface SoapCaller {
  principal: Principal;
  session?: RequestOrigin['session'];
}

export const unknownCaller: SoapCaller = { principal: stranger };

/** @returns undefined where the headers show nothing @throws UserError 401, 403, 429 */
export async function callerByHeaders(request: FastifyRequest, parts: LoginParts): Promise<SoapCaller | undefined> {
  const { authorization } = request.headers;
  const basic = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (basic !== undefined) return await callerByLogin(loginOf(basic), request, parts);
  if (authorization === undefined && sessionSecret(request) === undefined) return undefined;
  return await identityOf(request, { ...parts, isOpen: false });
}

function loginOf(basic: string): Login {
  const text = Buffer.from(basic, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) throw new UserError(401, 'unauthorized', 'Authorization: Basic has no colon');
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** A password is an API token, under any user name, or that of a user. @throws UserError 401, 403, 429 */
export async function callerByLogin(
  { name, password }: Login,
  request: FastifyRequest,
  { principalOf, access }: LoginParts,
): Promise<SoapCaller> {
  if (!isSecureRequest(request) && !isLoopback(request.ip))
    throw new UserError(403, 'login-in-the-clear', 'passwords are taken by HTTPS, or from this host itself');
  const byToken = await principalOf(password);
  if (byToken) return { principal: byToken };
  await access.signIns.check({ name, password }, request.ip);
  const principal = await access.now({ name, kind: 'user' });
  if (!principal) throw new UserError(401, 'sign-in-failed', 'the user has no role any more');
  return { principal };
}
