// Operations on the session of the caller: sign in, see who one is and what one may, sign out.
import { UserError } from '../../errors.ts';
import { isAllowed } from '../authorization.ts';
import type { CallContext, Operation, OperationInput, OperationOutput } from '../operation.ts';
import { ok } from '../operation.ts';
import * as schemas from '../schemas/access.ts';
import { sessionCookie } from '../session-cookie.ts';
import { isoOrNull } from '../views/times.ts';

const self = { role: 'viewer', scope: 'self', parameters: 'none' } as const;

const cookieHeader = (secret: string, isSecure: boolean): Pick<OperationOutput, 'headers'> => ({
  headers: { 'set-cookie': sessionCookie(secret, isSecure), 'cache-control': 'no-store' },
});

async function signIn({ body }: OperationInput, { fleet, origin }: CallContext): Promise<OperationOutput> {
  const login = body as { name: string; password: string };
  const { secret } = await fleet.access.signIns.begin(login, origin.address);
  return { status: 204, by: { name: login.name, kind: 'user' }, ...cookieHeader(secret, origin.isSecure) };
}

async function createFirstUser({ body }: OperationInput, { fleet, origin }: CallContext): Promise<OperationOutput> {
  const user = body as { code: string; name: string; password: string };
  const { secret } = await fleet.access.firstUser.create(user, origin.address);
  return { status: 204, by: { name: user.name, kind: 'user' }, ...cookieHeader(secret, origin.isSecure) };
}

async function signInByLink({ body }: OperationInput, { fleet, origin }: CallContext): Promise<OperationOutput> {
  const { code } = body as { code: string };
  const { name, secret } = await fleet.access.signInLinks.redeem(code, origin.address);
  return { status: 204, by: { name, kind: 'user' }, ...cookieHeader(secret, origin.isSecure) };
}

const noSession = (): UserError =>
  new UserError(400, 'no-session', 'the request came with a token, which has no session');

async function changePassword(
  { body }: OperationInput,
  { fleet, origin, caller }: CallContext,
): Promise<OperationOutput> {
  if (!origin.session) throw noSession();
  const passwords = body as { password: string; newPassword: string };
  const change = { name: caller.principal.name, ...passwords };
  const { secret } = await fleet.access.signIns.changePassword(change, origin.address);
  return { status: 204, ...cookieHeader(secret, origin.isSecure) };
}

async function signOut(_input: OperationInput, { fleet, origin }: CallContext): Promise<OperationOutput> {
  if (!origin.session) throw noSession();
  await fleet.access.sessions.end(origin.session.secret);
  return { status: 204, ...cookieHeader('', origin.isSecure) };
}

/** @param table all operations */
export const session = (table: () => readonly Operation[]): readonly Operation[] => [
  {
    name: 'createSession',
    summary: 'Signs in: sets the cookie of a session, for browsers. Wrong passwords are answered more slowly each time',
    method: 'POST',
    path: '/session',
    ...self,
    isOpen: true,
    body: { json: schemas.signIn },
    answers: { 204: 'nothing' },
    problems: { 401: 'The name or the password is wrong', 429: 'Too many wrong passwords' },
    run: signIn,
  },
  {
    name: 'createFirstUser',
    summary:
      'Makes the first user, an admin, with the code that the server logs at a start without users, and signs it in',
    method: 'POST',
    path: '/session/first',
    ...self,
    isOpen: true,
    body: { json: schemas.firstUser },
    answers: { 204: 'nothing' },
    problems: { 403: 'The code is wrong, spent, or older than a day', 409: 'There are users already' },
    run: createFirstUser,
  },
  {
    name: 'createSessionByLink',
    summary: 'Signs in by a link that an admin has made: sets the cookie of a session. The link is spent by that',
    method: 'POST',
    path: '/session/link',
    ...self,
    isOpen: true,
    body: { json: schemas.linkCode },
    answers: { 204: 'nothing' },
    problems: { 403: 'The link is wrong, spent, or older than a day' },
    run: signInByLink,
  },
  {
    name: 'getSession',
    summary: 'Tells who the caller is, and what it may do',
    method: 'GET',
    path: '/session',
    ...self,
    answers: { 200: schemas.session },
    run: async (_input, { caller, origin }) => {
      const { name, kind, role } = caller.principal;
      const expires = origin.session?.expires ?? caller.principal.expires;
      return ok({
        user: name,
        kind,
        role,
        scope: caller.scope ?? null,
        expires: isoOrNull(expires),
        ...(origin.session?.signOutUrl === undefined ? {} : { signOutUrl: origin.session.signOutUrl }),
        operations: table()
          .filter(operation => isAllowed(operation, caller.principal))
          .map(operation => operation.name),
      });
    },
  },
  {
    name: 'patchSession',
    summary: 'Changes the own password: all sessions of the user end, and the answer has the cookie of a new one',
    method: 'PATCH',
    path: '/session',
    ...self,
    body: { json: schemas.ownPassword },
    answers: { 204: 'nothing' },
    problems: { 400: 'The request came with a token, or the new password is too short', 403: 'The password is wrong' },
    run: changePassword,
  },
  {
    name: 'deleteSession',
    summary: 'Signs out: the session ends at once, with its event streams',
    method: 'DELETE',
    path: '/session',
    ...self,
    answers: { 204: 'nothing' },
    problems: { 400: 'The request came with a token' },
    run: signOut,
  },
];
