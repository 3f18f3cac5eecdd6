// Calls about the session of the browser.
import { call } from './call.ts';
import type { Session } from './shapes.ts';

export const getSession = async (): Promise<Session> => await call('GET', '/session');

export const signIn = async (name: string, password: string): Promise<void> =>
  await call('POST', '/session', { body: { name, password } });

export const signOut = async (): Promise<void> => await call('DELETE', '/session');
