// One request at the unit's pages: its checks, and the way to its answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UserError } from '../../shared/errors.ts';
import type { Unit } from '../services/service.ts';
import { Logins } from './access/logins.ts';
import { isOwnHost, isSameSite } from './access/request.ts';
import { Sessions } from './access/sessions.ts';
import { redirect, send, sendText } from './answers.ts';
import { FIRST_PAGE, logIn, logOut, showLogin } from './entrance.ts';
import { answerPage } from './page-request.ts';
import { answerStatus } from './status-request.ts';
import { ICON, STYLE } from './style.ts';
import { known, type Site, type Visit } from './visit.ts';

/** Files that need no login. */
const files = new Map([
  ['/style.css', { type: 'text/css; charset=utf-8', content: STYLE }],
  ['/icon.svg', { type: 'image/svg+xml', content: ICON }],
]);
const methods = ['GET', 'HEAD', 'POST'];

export class PageHandler {
  readonly counts = { requests: 0, redirects: 0, errors: 0 };
  readonly #site: Site;

  /** @param names under which the pages are opened beside the unit's addresses */
  constructor(unit: Unit, names: readonly string[]) {
    this.#site = { unit, names, sessions: new Sessions(unit), logins: new Logins(unit) };
  }

  /** Answers; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse, isSecure: boolean): Promise<void> {
    this.counts.requests++;
    response.on('finish', () => {
      if (response.statusCode >= 400) this.counts.errors++;
      else if (response.statusCode >= 300) this.counts.redirects++;
    });
    try {
      const { url = '/' } = request;
      const parsed =
        url.startsWith('/') && URL.canParse(`http://unit${url}`) ? new URL(`http://unit${url}`) : undefined;
      if (!parsed) throw new UserError(400, 'bad-address', 'This address cannot be read.');
      const { pathname: path, searchParams: query } = parsed;
      await answer({ site: this.#site, request, response, isSecure, path, query });
    } catch (error) {
      fail(this.#site.unit, request, response, error);
    }
  }
}

function fail({ log }: Unit, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const wrong = error instanceof UserError ? error : undefined;
  // A peer that went away in the midst of its form is no fault of ours.
  if (!wrong && !request.destroyed) log.error('page of the unit failed', { path: request.url, error });
  // The rest of a body that is not read would be taken for the next request.
  response.setHeader('Connection', 'close');
  sendText(response, wrong?.status ?? 500, wrong?.message ?? 'The unit could not answer; its log says why.');
}

async function answer(visit: Visit): Promise<void> {
  const { request, response, path } = visit;
  assertFits(visit);
  const isPost = request.method === 'POST';
  const file = isPost ? undefined : files.get(path);
  if (file) return send(response, 200, file.content, { 'Content-Type': file.type, 'Cache-Control': 'max-age=300' });
  if (path === '/login') return isPost ? logIn(visit) : showLogin(visit);
  const user = known(visit);
  if (path === '/status' && !isPost) return answerStatus(visit, user !== undefined);
  if (!user) return redirect(response, path === '/' ? '/login' : `/login?to=${encodeURIComponent(path)}`);
  if (path === '/' || (path === '/logout' && !isPost)) return redirect(response, FIRST_PAGE);
  return path === '/logout' ? logOut(user) : answerPage(user);
}

/** @throws UserError 405, 421, 403 */
function assertFits({ site, request, response }: Visit): void {
  if (!isOwnHost(site.unit, request, site.names))
    throw new UserError(421, 'foreign-host', 'The unit has no such name.');
  if (!methods.includes(request.method ?? '')) {
    response.setHeader('Allow', methods.join(', '));
    throw new UserError(405, 'no-method', 'The pages take GET, HEAD and POST.');
  }
  if (request.method === 'POST' && !isSameSite(request)) {
    throw new UserError(403, 'cross-site', 'This form is not one of the unit.');
  }
}
