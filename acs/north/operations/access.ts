// Operations on users, roles and API tokens: for an admin without limits alone.
import { UserError } from '../../errors.ts';
import { effects, includesLevel, levels, type Role, type RoleInput } from '../../fleet/access/rights.ts';
import type { TokenView } from '../../fleet/access/tokens.ts';
import type { UserInput, UserPatch } from '../../fleet/access/users.ts';
import type { Operation } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import * as schemas from '../schemas/access.ts';
import { timeAt } from '../time-input.ts';
import { isoOrNull } from '../views/times.ts';

const tokenView = ({ created, expires, lastUsed, ...token }: TokenView): Record<string, unknown> => ({
  ...token,
  created: isoOrNull(created),
  expires: isoOrNull(expires),
  lastUsed: isoOrNull(lastUsed),
});

const admin = { role: 'admin', scope: 'access', parameters: 'none' } as const;
const noUser = { 404: 'No such user' };
const taken = { 409: 'The name is taken, or there are too many' };

const users: readonly Operation[] = [
  {
    name: 'listUsers',
    summary: 'Lists users',
    method: 'GET',
    path: '/users',
    ...admin,
    answers: { 200: schemas.users },
    run: async (_input, { fleet }) => ok({ items: await fleet.access.users.list() }),
  },
  {
    name: 'createUser',
    summary: 'Creates a user',
    method: 'POST',
    path: '/users',
    ...admin,
    body: { json: schemas.userCreate },
    answers: { 201: schemas.user },
    problems: taken,
    run: async ({ body }, { fleet }) => {
      const { name, ...input } = body as { name: string } & UserInput;
      return { status: 201, body: await fleet.access.users.create(name, input) };
    },
  },
  {
    name: 'getUser',
    summary: 'Reads a user',
    method: 'GET',
    path: '/users/:name',
    ...admin,
    entity: { kind: 'user' },
    answers: { 200: schemas.user },
    problems: noUser,
    run: async (input, { fleet }) => ok(await fleet.access.users.get(param(input, 'name'))),
  },
  {
    name: 'putUser',
    summary: 'Creates or replaces a user; without a password the stored one stays',
    method: 'PUT',
    path: '/users/:name',
    ...admin,
    entity: { kind: 'user' },
    body: { json: schemas.userInput },
    answers: { 200: schemas.user, 201: schemas.user },
    problems: taken,
    run: async (input, { fleet: { access }, edit }) => {
      const name = param(input, 'name');
      const isNew = await access.users.put(name, input.body as UserInput, edit);
      return { status: isNew ? 201 : 200, body: await access.users.get(name) };
    },
  },
  {
    name: 'patchUser',
    summary: 'Changes a user; omitted fields keep their value, null removes the filter',
    method: 'PATCH',
    path: '/users/:name',
    ...admin,
    entity: { kind: 'user' },
    body: { json: schemas.userPatch },
    answers: { 200: schemas.user },
    problems: noUser,
    run: async (input, { fleet, edit }) =>
      ok(await fleet.access.users.patch(param(input, 'name'), input.body as UserPatch, edit)),
  },
  {
    name: 'createSignInLink',
    summary: 'Makes a link that signs the user in once, within a day; an older one of the user ends',
    method: 'POST',
    path: '/users/:name/link',
    ...admin,
    answers: { 201: schemas.link },
    problems: { ...noUser, 409: 'Too many links are unused' },
    run: async (input, { fleet, origin }) => {
      const { code, until } = await fleet.access.signInLinks.offer(param(input, 'name'));
      // The code is in the fragment, which browsers send to no server and no proxy.
      const url = `${new URL(origin.base).origin}/ui/welcome#${code}`;
      return { status: 201, body: { url, until: isoOrNull(until) }, headers: { 'cache-control': 'no-store' } };
    },
  },
  {
    name: 'deleteUser',
    summary: 'Deletes a user; its sessions end at once',
    method: 'DELETE',
    path: '/users/:name',
    ...admin,
    entity: { kind: 'user' },
    answers: { 204: 'nothing' },
    problems: noUser,
    run: async (input, { fleet, edit }) => {
      await fleet.access.removeUser(param(input, 'name'), edit);
      return none;
    },
  },
];

const tokens: readonly Operation[] = [
  {
    name: 'listTokens',
    summary: 'Lists API tokens with their last use, which is noted every ten minutes',
    method: 'GET',
    path: '/tokens',
    ...admin,
    answers: { 200: schemas.tokens },
    run: async (_input, { fleet }) => ok({ items: (await fleet.access.tokens.list()).map(tokenView) }),
  },
  {
    name: 'createToken',
    summary: 'Makes an API token, which is shown in this answer only',
    method: 'POST',
    path: '/tokens',
    ...admin,
    body: { json: schemas.tokenCreate },
    answers: { 201: schemas.newToken },
    problems: taken,
    run: async ({ body }, { fleet, caller }) => {
      const { expires: text, ...input } = body as { name: string; role: string; filter?: string; expires?: string };
      const expires = timeAt('body.expires', text);
      const token = { ...input, ...(expires === undefined ? {} : { expires }) };
      const made = await fleet.access.tokens.create(token, caller.principal.name);
      return { status: 201, body: { ...tokenView(made.view), token: made.secret } };
    },
  },
  {
    name: 'getToken',
    summary: 'Reads an API token, without its secret',
    method: 'GET',
    path: '/tokens/:name',
    ...admin,
    answers: { 200: schemas.token },
    problems: { 404: 'No such token' },
    run: async (input, { fleet }) => ok(tokenView(await fleet.access.tokens.get(param(input, 'name')))),
  },
  {
    name: 'deleteToken',
    summary: 'Revokes an API token: it is refused at once, and its event streams end',
    method: 'DELETE',
    path: '/tokens/:name',
    ...admin,
    answers: { 204: 'nothing' },
    problems: { 404: 'No such token' },
    run: async (input, { fleet }) => {
      await fleet.access.removeToken(param(input, 'name'));
      return none;
    },
  },
];

/** The operations that a role of one's own may name. */
const grantable = (table: readonly Operation[]): readonly Operation[] =>
  table.filter(({ scope }) => scope !== 'access' && scope !== 'self');

/** A built-in role with all operations that it has, as `GET /session` shows them to a caller without a filter. */
const builtInRole = (name: Role, table: readonly Operation[]): Record<string, unknown> => ({
  name,
  builtIn: true,
  operations: table.filter(({ role }) => includesLevel(name, role)).map(operation => operation.name),
});

/** @param table all operations */
const roles = (table: () => readonly Operation[]): readonly Operation[] => [
  {
    name: 'listRoles',
    summary: 'Lists roles, built-in ones too, and the operations that a role may name',
    method: 'GET',
    path: '/roles',
    ...admin,
    answers: { 200: schemas.roles },
    run: async (_input, { fleet }) => {
      const builtIn = levels.map(name => builtInRole(name, table()));
      const own = (await fleet.access.roles.list()).map(role => ({ ...role, builtIn: false }));
      const operations = grantable(table()).map(({ name, role, scope, parameters }) => ({
        name,
        role,
        scope,
        parameters,
      }));
      return ok({ items: [...builtIn, ...own], operations });
    },
  },
  {
    name: 'getRole',
    summary: 'Reads a role of your own',
    method: 'GET',
    path: '/roles/:name',
    ...admin,
    entity: { kind: 'role' },
    answers: { 200: schemas.ownRole },
    problems: { 404: 'No such role' },
    run: async (input, { fleet }) => ok({ ...(await fleet.access.roles.get(param(input, 'name'))), builtIn: false }),
  },
  {
    name: 'putRole',
    summary: 'Creates or replaces a role: operations, the devices that it reaches, parameters that may be read and set',
    method: 'PUT',
    path: '/roles/:name',
    ...admin,
    entity: { kind: 'role' },
    body: { json: schemas.roleInput },
    answers: { 200: schemas.ownRole, 201: schemas.ownRole },
    problems: taken,
    run: async (input, { fleet, edit }) => {
      const name = param(input, 'name');
      const role = input.body as RoleInput;
      const known = new Set<string>([...effects, 'streamEvents', ...grantable(table()).map(row => row.name)]);
      const stray = role.operations.find(operation => !known.has(operation));
      if (stray !== undefined)
        throw new UserError(
          400,
          'no-such-operation',
          `body.operations: '${stray}' is no operation that a role may have`,
        );
      const isNew = await fleet.access.roles.put(name, role, edit);
      return { status: isNew ? 201 : 200, body: { name, builtIn: false, ...role } };
    },
  },
  {
    name: 'deleteRole',
    summary: 'Deletes a role that no user and no token has',
    method: 'DELETE',
    path: '/roles/:name',
    ...admin,
    entity: { kind: 'role' },
    answers: { 204: 'nothing' },
    problems: { 404: 'No such role', 409: 'A user or a token has the role' },
    run: async (input, { fleet, edit }) => {
      await fleet.access.removeRole(param(input, 'name'), edit);
      return none;
    },
  },
];

/** @param table all operations */
export const access = (table: () => readonly Operation[]): readonly Operation[] => [
  ...users,
  ...tokens,
  ...roles(table),
];
