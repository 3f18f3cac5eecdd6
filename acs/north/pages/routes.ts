// Routes of pages for people, beside the table of operations. None of them needs a login, and none shows anything of the fleet.
import type { FastifyInstance } from 'fastify';
import { BASE } from '../operation.ts';
import { firstUserPage } from './first-user.ts';
import type { htmlOf } from './html.ts';

export const FIRST_USER_PATH = `${BASE}/session/first`;

export function registerPages(app: FastifyInstance): void {
  registerPage(app, FIRST_USER_PATH, firstUserPage());
}

function registerPage(app: FastifyInstance, path: string, { html, headers }: ReturnType<typeof htmlOf>): void {
  app.get(path, async (_request, reply) => reply.headers(headers).send(html));
}
