// Files of Swagger UI, as its package brings them: read once, and sent with an entity tag.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { entityTag, hasTag } from '../../../shared/web/entity-tag.ts';

const types = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' } as const;

/** The folder of a package that holds Swagger UI's built files; its code is not loaded. */
const folder = (): string => join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static');

export interface TaggedContent {
  content: Buffer;
  etag: string;
}

export const tagged = (content: Buffer): TaggedContent => ({ content, etag: entityTag(content) });

/** Answers 304 where the client has the content already (RFC 9110 13.1.2). */
export function sendTagged(
  request: FastifyRequest,
  reply: FastifyReply,
  { content, etag, type }: TaggedContent & { type: string },
): FastifyReply {
  void reply.headers({ etag, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
  if (hasTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type(type).send(content);
}

/** @param name a file of that folder */
export function registerStatic(app: FastifyInstance, path: string, name: `${string}.${keyof typeof types}`): void {
  const type = types[name.endsWith('.css') ? 'css' : 'js'];
  let read: Promise<TaggedContent> | undefined;
  app.get(path, async (request, reply) => {
    read ??= readFile(join(folder(), name)).then(tagged);
    return sendTagged(request, reply, { ...(await read), type });
  });
}
