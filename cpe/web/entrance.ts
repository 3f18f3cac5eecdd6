// Login and logout at the pages.
import { cookieOf } from './access/request.ts';
import { isToken } from './access/sessions.ts';
import { redirect, sendPage } from './answers.ts';
import { readBody } from './forms/body.ts';
import { loginPage } from './frame.ts';
import { pageAt } from './pages/pages.ts';
import { forged, type Known, type Visit } from './visit.ts';

/** The page that comes after the login. */
export const FIRST_PAGE = '/system/information';

export function showLogin({ site, request, response, isSecure, query }: Visit): void {
  const token = site.logins.offer(request, response, isSecure);
  sendPage(response, 200, loginPage(site.unit, token, query.get('to') ?? ''));
}

export async function logIn({ site, request, response, isSecure }: Visit): Promise<void> {
  const { unit, logins, sessions } = site;
  const { fields } = await readBody(request, undefined);
  const outcome = await logins.attempt(request, fields, isSecure);
  const to = fields.get('to') ?? '';
  if ('said' in outcome) {
    const token = logins.offer(request, response, isSecure);
    sendPage(response, outcome.status, loginPage(unit, token, to, outcome.said));
    return;
  }
  sessions.end(cookieOf(unit, request, 'unit', isSecure));
  logins.enter(response, sessions.begin(outcome.account.name), isSecure);
  redirect(response, pageAt(unit, to) ? to : FIRST_PAGE);
}

export async function logOut({ site, request, response, isSecure, secret, session }: Known): Promise<void> {
  const { fields } = await readBody(request, undefined);
  if (!isToken(fields.get('token'), session.token)) throw forged();
  site.sessions.end(secret);
  site.logins.leave(response, isSecure);
  redirect(response, '/login');
}
