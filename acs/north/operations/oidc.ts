// Operations of signing in by an identity provider: to it, back from it, and the setting that maps its claims to roles.
import type { OidcSetting } from '../../fleet/access/oidc/claims.ts';
import type { CallContext, Operation, OperationInput, OperationOutput } from '../operation.ts';
import { none, ok } from '../operation.ts';
import * as schemas from '../schemas/oidc.ts';
import { sessionCookie, TICKET_COOKIES, ticketCookie } from '../session-cookie.ts';

const CALLBACK = '/session/oidc/callback';
const open = { role: 'viewer', scope: 'self', parameters: 'none', isOpen: true, method: 'GET' } as const;
const admin = {
  role: 'admin',
  scope: 'access',
  parameters: 'none',
  path: '/settings/oidc',
  entity: { kind: 'setting', name: 'oidc' },
} as const;

async function begin({ query }: OperationInput, { fleet, origin }: CallContext): Promise<OperationOutput> {
  const { to = '/docs' } = query as { to?: string };
  const redirect = `${origin.base}${CALLBACK}`;
  const { url, ticket } = await fleet.access.oidcSignIns.begin({ redirect, to });
  const cookie = ticketCookie(ticket, origin.isSecure);
  return { status: 303, headers: { location: url, 'set-cookie': cookie, 'cache-control': 'no-store' } };
}

async function finish({ query }: OperationInput, { fleet, origin }: CallContext): Promise<OperationOutput> {
  const ticket = origin.cookie(TICKET_COOKIES);
  const came = { query: String(new URLSearchParams(query as Record<string, string>)), ticket };
  const { name, secret, to } = await fleet.access.oidcSignIns.finish(came, origin.address);
  const cookies = [sessionCookie(secret, origin.isSecure), ticketCookie('', origin.isSecure)];
  return {
    status: 303,
    by: { name, kind: 'user' },
    headers: { location: to, 'set-cookie': cookies, 'cache-control': 'no-store' },
  };
}

export const oidc: readonly Operation[] = [
  {
    name: 'getSignInWays',
    summary: 'Tells by which ways users sign in, for a page that asks them',
    path: '/session/ways',
    ...open,
    answers: { 200: schemas.ways },
    run: async (_input, { fleet }) => ok({ password: true, provider: fleet.access.oidcSignIns.isConfigured }),
  },
  {
    name: 'beginProviderSignIn',
    summary: 'Leads a browser to the identity provider (OpenID Connect), to sign in there',
    path: '/session/oidc',
    ...open,
    isPage: true,
    query: schemas.begin,
    answers: { 303: 'nothing' },
    problems: { 404: 'No identity provider is configured', 502: 'The identity provider is away' },
    run: begin,
  },
  {
    name: 'endProviderSignIn',
    summary: 'Takes a browser back from the identity provider: sets the cookie of a session, and leads to the page',
    path: CALLBACK,
    ...open,
    isPage: true,
    isAudited: true,
    query: schemas.callback,
    answers: { 303: 'nothing' },
    problems: {
      400: 'The sign-in was begun elsewhere, or too long ago',
      401: 'The identity provider refuses the user, or its answer proves nothing',
      403: 'Its claims grant no role',
      409: 'Another user has the name',
      502: 'The identity provider is away',
    },
    run: finish,
  },
  {
    name: 'getOidcSetting',
    summary: 'Reads how claims of the identity provider become names and roles',
    method: 'GET',
    ...admin,
    answers: { 200: schemas.setting },
    run: async (_input, { fleet }) => ok(await fleet.access.oidcSettings.get()),
  },
  {
    name: 'putOidcSetting',
    summary: 'Sets how claims of the identity provider become names and roles; users get them at their next check',
    method: 'PUT',
    ...admin,
    body: { json: schemas.setting },
    answers: { 200: schemas.setting },
    run: async ({ body }, { fleet, edit }) => {
      await fleet.access.oidcSettings.put(body as OidcSetting, edit);
      return ok(body);
    },
  },
  {
    name: 'deleteOidcSetting',
    summary: 'Forgets the map of claims: sign-ins by the identity provider are refused',
    method: 'DELETE',
    ...admin,
    answers: { 204: 'nothing' },
    problems: { 404: 'No map of claims is set' },
    run: async (_input, { fleet, edit }) => {
      await fleet.access.oidcSettings.remove(edit);
      return none;
    },
  },
];
