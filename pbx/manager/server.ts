// The manager: pages over HTTPS that configure the security of the exchange after a login, by the commands of the shell.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Random } from '../../shared/clock.ts';
import { sameText } from '../../shared/net/verifier.ts';
import { serveWeb, type Web, type WebOptions } from '../web/server.ts';
import { answerQuestion, type CommandRunner, carryOutForm, printed } from './commands.ts';
import type { Rendered } from './document.ts';
import { Logins } from './logins.ts';
import {
  backupsPage,
  extensionPage,
  extensionsPage,
  licensesPage,
  loginPage,
  type Shown,
  securityPage,
} from './pages.ts';

export interface ManagerOptions extends CommandRunner, Omit<Shown, 'session'> {
  host: string;
  /** 0 = a free one. */
  port: number;
  tls: NonNullable<WebOptions['tls']>;
  password: string;
  random: Random;
}

const MAX_FORM = 4096;

/** Listens. Rejects when the port is taken. */
export async function serveManager(options: ManagerOptions): Promise<Web> {
  const { host, port, log, tls, domain } = options;
  const names = ['localhost', domain.toLowerCase()];
  return await serveWeb({ host, port, log, tls, names, maxForm: MAX_FORM }, app => {
    const logins = new Logins(options);
    refuseForeignForms(app);
    registerLogin(app, logins, domain);
    registerPages(app, logins, options);
    app.post('/:action', async (request, reply) => takeForm(request, reply, logins, options));
  });
}

function refuseForeignForms(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const site = request.headers['sec-fetch-site'] ?? 'none';
    if (request.method === 'POST' && site !== 'same-origin' && site !== 'none')
      return refuse(reply, 403, 'a form of another site');
  });
}

function registerLogin(app: FastifyInstance, logins: Logins, domain: string): void {
  app.get('/login', async (_request, reply) => send(reply, loginPage(domain)));
  app.post('/login', async (request, reply) => {
    const login = logins.login(formOf(request).get('password') ?? '', request.ip);
    return 'cookie' in login
      ? redirect(reply.header('set-cookie', login.cookie), '/')
      : send(reply.code(login.status), loginPage(domain, login.problem));
  });
}

function registerPages(app: FastifyInstance, logins: Logins, options: ManagerOptions): void {
  const { domain, exchange, terminals } = options;
  type Make = (shown: Shown, request: FastifyRequest, reply: FastifyReply) => Rendered | Promise<Rendered>;
  const page = (path: string, make: Make): void => {
    app.get(path, async (request, reply) => {
      const session = logins.sessionOf(request.headers.cookie);
      if (!session) return redirect(reply, '/login');
      return send(reply, await make({ domain, exchange, terminals, session }, request, reply));
    });
  };
  page('/', securityPage);
  page('/extensions', (shown, { query }) => extensionsPage(shown, readQuery(query)));
  page('/extensions/:dir', (shown, { params }, reply) => {
    const { dir } = params as { dir: string };
    const found = exchange.get('extensions', dir);
    if (found) return extensionPage(shown, found);
    void reply.code(404);
    return extensionsPage(shown, { dir, offset: 0 });
  });
  page('/licenses', licensesPage);
  page('/backups', async shown => backupsPage(shown, await printed(options, 'data_info')));
}

async function takeForm(
  request: FastifyRequest,
  reply: FastifyReply,
  logins: Logins,
  options: ManagerOptions,
): Promise<FastifyReply> {
  const { cookie } = request.headers;
  const session = logins.sessionOf(cookie);
  if (!session) return redirect(reply, '/login');
  const form = formOf(request);
  if (!sameText(form.get('token') ?? '', session.formToken)) return refuse(reply, 403, 'a form of another session');
  const { action } = request.params as { action: string };
  if (action === 'logout') return redirect(reply.header('set-cookie', logins.logout(cookie)), '/login');
  const page =
    action === 'answer'
      ? await answerQuestion(options, session, form)
      : await carryOutForm(options, session, action, form);
  return page === undefined ? refuse(reply, 400, 'the form cannot be read') : redirect(reply, page);
}

const formOf = ({ body }: FastifyRequest): URLSearchParams =>
  body instanceof URLSearchParams ? body : new URLSearchParams();

function readQuery(query: unknown): { dir: string; offset: number } {
  const { dir, offset } = query as Record<string, unknown>;
  return {
    dir: typeof dir === 'string' ? dir.slice(0, 20) : '',
    offset: typeof offset === 'string' && /^\d{1,9}$/.test(offset) ? Number(offset) : 0,
  };
}

const send = (reply: FastifyReply, { html, headers }: Rendered): FastifyReply => reply.headers(headers).send(html);

const redirect = (reply: FastifyReply, page: string): FastifyReply =>
  reply.header('cache-control', 'no-store').redirect(page, 303);

const refuse = (reply: FastifyReply, status: number, text: string): FastifyReply =>
  reply
    .code(status)
    .headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
    .type('text/plain; charset=utf-8')
    .send(`${text}\n`);
