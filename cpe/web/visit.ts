// One request at the pages of a unit, read as far as its address and its session.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UserError } from '../../shared/errors.ts';
import type { Account } from '../services/aaa.ts';
import type { Unit } from '../services/service.ts';
import type { Logins } from './access/logins.ts';
import { cookieOf } from './access/request.ts';
import type { Session, Sessions } from './access/sessions.ts';
import type { View } from './render/view.ts';

/** Parts of one unit's site that requests share. */
export interface Site {
  readonly unit: Unit;
  /** Names under which the pages are opened beside the unit's addresses. */
  readonly names: readonly string[];
  readonly sessions: Sessions;
  readonly logins: Logins;
}

export interface Visit {
  readonly site: Site;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly isSecure: boolean;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** A request of someone who has signed in. */
export interface Known extends Visit {
  readonly secret: string;
  readonly session: Session;
  readonly account: Account;
}

export function known(visit: Visit): Known | undefined {
  const { site, request, isSecure } = visit;
  const secret = cookieOf(site.unit, request, 'unit', isSecure);
  const found = site.sessions.find(secret);
  return found && secret !== undefined ? { ...visit, secret, ...found } : undefined;
}

export function viewOf({ site, session, account, isSecure, path, query }: Known, more: Partial<View> = {}): View {
  return {
    unit: site.unit,
    account,
    isSecure,
    path,
    query,
    hasHelp: query.has('help'),
    token: session.token,
    typed: new Map(),
    errors: new Map(),
    ...more,
  };
}

export const forged = (): UserError =>
  new UserError(403, 'stale-form', 'This form is not one of this session. Load the page again and try once more.');
