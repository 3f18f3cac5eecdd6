// Calls about users, roles, tokens, the own password, and the map of an identity provider.
import type { Static } from 'typebox';
import type * as schemas from '../../../north/schemas/access.ts';
import type * as oidc from '../../../north/schemas/oidc.ts';
import { type Answer, call, callTagged } from '../call.ts';

export type User = Static<typeof schemas.user>;
export type UserCreate = Static<typeof schemas.userCreate>;
export type UserPatch = Static<typeof schemas.userPatch>;
export type Token = Static<typeof schemas.token>;
export type NewToken = Static<typeof schemas.newToken>;
export type TokenCreate = Static<typeof schemas.tokenCreate>;
export type Roles = Static<typeof schemas.roles>;
export type Role = Roles['items'][number];
export type RoleInput = Static<typeof schemas.roleInput>;
export type OidcSetting = Static<typeof oidc.setting>;
export type Ways = Static<typeof oidc.ways>;

export const part = (name: string): string => encodeURIComponent(name);

export const listUsers = async (signal?: AbortSignal): Promise<{ items: User[] }> =>
  await call('GET', '/users', { signal });
export const createUser = async (user: UserCreate): Promise<User> => await call('POST', '/users', { body: user });
export const patchUser = async (name: string, patch: UserPatch): Promise<User> =>
  await call('PATCH', `/users/${part(name)}`, { body: patch });
export const deleteUser = async (name: string): Promise<void> => await call('DELETE', `/users/${part(name)}`);

export const listTokens = async (signal?: AbortSignal): Promise<{ items: Token[] }> =>
  await call('GET', '/tokens', { signal });
export const createToken = async (token: TokenCreate): Promise<NewToken> =>
  await call('POST', '/tokens', { body: token });
export const deleteToken = async (name: string): Promise<void> => await call('DELETE', `/tokens/${part(name)}`);

export const listRoles = async (signal?: AbortSignal): Promise<Roles> => await call('GET', '/roles', { signal });
export const getRole = async (name: string, signal?: AbortSignal): Promise<Answer<Role>> =>
  await callTagged('GET', `/roles/${part(name)}`, { signal });
/** @param etag of the role that is replaced; without it the role has to be new */
export const putRole = async (name: string, role: RoleInput, etag?: string): Promise<Role> =>
  await call('PUT', `/roles/${part(name)}`, {
    body: role,
    headers: etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag },
  });
export const deleteRole = async (name: string): Promise<void> => await call('DELETE', `/roles/${part(name)}`);

export const changePassword = async (password: string, newPassword: string): Promise<void> =>
  await call('PATCH', '/session', { body: { password, newPassword } });

export const getWays = async (signal?: AbortSignal): Promise<Ways> => await call('GET', '/session/ways', { signal });
export const getOidcSetting = async (signal?: AbortSignal): Promise<Answer<OidcSetting>> =>
  await callTagged('GET', '/settings/oidc', { signal });
export const putOidcSetting = async (setting: OidcSetting, etag?: string): Promise<OidcSetting> =>
  await call('PUT', '/settings/oidc', { body: setting, headers: etag === undefined ? {} : { 'if-match': etag } });
