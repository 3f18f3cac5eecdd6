// Routes of pages for people, beside the table of operations. None of them needs a login, and none shows anything of the fleet.
import type { FastifyInstance } from 'fastify';
import { jsonOf } from '../json.ts';
import { describe } from '../openapi.ts';
import { operations } from '../operations.ts';
import { docsPage, rootPage, UI_SCRIPT, UI_STYLE } from './documentation.ts';
import type { Rendered } from './html.ts';
import { type PageSource, registerOperatorPages } from './operator-pages.ts';
import { registerStatic, sendTagged, type TaggedContent, tagged } from './static-files.ts';

/** @param source of the operator's pages, to which / leads; without them it leads to what else is here */
export function registerPages(app: FastifyInstance, source: PageSource | undefined): void {
  if (source) registerOperatorPages(app, source);
  else registerPage(app, '/', rootPage());
  registerPage(app, '/docs', docsPage());
  registerStatic(app, UI_STYLE, 'swagger-ui.css');
  registerStatic(app, UI_SCRIPT, 'swagger-ui-bundle.js');
  registerDescription(app);
}

function registerPage(app: FastifyInstance, path: string, { html, headers }: Rendered): void {
  app.get(path, async (_request, reply) => reply.headers(headers).send(html));
}

/** The description without a token: it says what a server of this version can do, and nothing of this one. */
function registerDescription(app: FastifyInstance): void {
  let made: Promise<TaggedContent> | undefined;
  app.get('/openapi.json', async (request, reply) => {
    made ??= Promise.resolve(jsonOf(describe(operations))).then(text => tagged(Buffer.from(text)));
    return sendTagged(request, reply, { ...(await made), type: 'application/json' });
  });
}
