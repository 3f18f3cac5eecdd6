// Calls about the session of the browser, and the ways to one.
import { BASE, call } from './call.ts';
import type { Session } from './shapes.ts';

export const getSession = async (): Promise<Session> => await call('GET', '/session');

export const signIn = async (name: string, password: string): Promise<void> =>
  await call('POST', '/session', { body: { name, password } });

export const signOut = async (): Promise<void> => await call('DELETE', '/session');

/** Signs in by a link that an admin has made. @param code the fragment of the link */
export const signInByLink = async (code: string): Promise<void> =>
  await call('POST', '/session/link', { body: { code } });

/** Makes the first user, an admin, and signs it in. @param code the fragment of the link in the server's log */
export const createFirstUser = async (code: string, user: { name: string; password: string }): Promise<void> =>
  await call('POST', '/session/first', { body: { code, ...user } });

/** @returns true where users may sign in at an identity provider */
export const hasProvider = async (signal?: AbortSignal): Promise<boolean> =>
  (await call<{ provider: boolean }>('GET', '/session/ways', { signal })).provider;

/** The address that leads to the identity provider, and from there to a page of this server. */
export const providerHref = (to: string): string => `${BASE}/session/oidc?to=${encodeURIComponent(to)}`;
