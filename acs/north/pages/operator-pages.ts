// The operator's pages at /ui/: a shell for every address below it, and the files that it loads.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { UserError } from '../../errors.ts';
import { sendTagged, type TaggedContent } from './static-files.ts';

/** A file of the pages; its name changes with its content, but for the shell. */
export interface PageFile {
  content: Buffer;
  gzip: Buffer;
  type: string;
}

export interface PageFiles {
  /** HTML that every address of the pages is answered with. */
  shell: PageFile & TaggedContent;
  /** By their names below /ui/assets/. */
  assets: ReadonlyMap<string, PageFile>;
}

/** @throws UserError 503 where the pages cannot be made */
export type PageSource = () => Promise<PageFiles>;

const policy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

export function registerOperatorPages(app: FastifyInstance, source: PageSource): void {
  const shell = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    void reply.headers({ 'content-security-policy': policy, 'referrer-policy': 'no-referrer' });
    return sendTagged(request, reply, (await source()).shell);
  };
  app.get('/', async (_request, reply) => reply.redirect('/ui/'));
  app.get('/ui', async (_request, reply) => reply.redirect('/ui/'));
  app.get('/ui/', shell);
  app.get('/ui/*', shell);
  app.get('/ui/assets/:name', async (request, reply) => {
    const { name } = request.params as { name: string };
    const file = (await source()).assets.get(name);
    if (!file) throw new UserError(404, 'no-such-call', `the pages have no file ${name}`);
    return sendFile(request, reply, file);
  });
}

/** The name stands for the content, so that it may be kept for ever. */
function sendFile({ headers }: FastifyRequest, reply: FastifyReply, { content, gzip, type }: PageFile): FastifyReply {
  const takesGzip = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  void reply.headers({
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    vary: 'accept-encoding',
    ...(takesGzip ? { 'content-encoding': 'gzip' } : {}),
  });
  return reply.type(type).send(takesGzip ? gzip : content);
}
