// The principal of a request: a user, an API token, or the admin token of the server, with the rights that it has now.
import type { Rights } from './rights.ts';

export type PrincipalKind = 'user' | 'token' | 'admin-token' | 'stranger';

export interface Principal {
  /** The name of the user or of the token; `admin` for the admin token. */
  name: string;
  kind: PrincipalKind;
  /** A built-in role, or one of one's own. */
  role: string;
  rights: Rights;
  /** Time after which a token is refused, milliseconds. */
  expires?: number;
}

/** The principal with whose rights work of a request is carried out later, as a rollout is. */
export type Author = Pick<Principal, 'name' | 'kind'>;

/** The principal of a request that shows nothing: it may sign in. */
export const stranger: Principal = { name: 'stranger', kind: 'stranger', role: '', rights: {} };

export const adminToken: Principal = { name: 'admin', kind: 'admin-token', role: 'admin', rights: { level: 'admin' } };
